import { ownedByData, sessionsOf, watchDisposal } from './sessions.js';

describe('sessions', () => {
  const backend = {};
  const make = () => ({ close: jest.fn() });

  it('opens once for all who ask at the same time, and closes with the last of them', async () => {
    const sessions = sessionsOf<object, ReturnType<typeof make>>();
    const start = jest.fn(async () => make());
    const [one, two] = await Promise.all([sessions.open(backend, start), sessions.open(backend, start)]);
    expect(one).toBe(two);
    expect(start).toHaveBeenCalledTimes(1);
    sessions.close(backend);
    expect(one.close).not.toHaveBeenCalled();
    sessions.close(backend);
    sessions.close(backend);
    expect(one.close).toHaveBeenCalledTimes(1);
    expect(await sessions.open(backend, start)).not.toBe(one);
    expect(await sessions.open({}, start)).not.toBe(one);
    expect(start).toHaveBeenCalledTimes(3);
  });

  it('a start that fails fails for all who waited, and is tried again by the next', async () => {
    const sessions = sessionsOf<object, ReturnType<typeof make>>();
    const fail = () => Promise.reject(new Error('no'));
    const both = await Promise.allSettled([sessions.open(backend, fail), sessions.open(backend, fail)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(sessions.open(backend, async () => make())).resolves.toBeDefined();
  });
});

test('layers stay until as many removed them as added them', () => {
  const layers = ownedByData<{ dispose: jest.Mock }>();
  const [data, other] = [{}, {}];
  const make = jest.fn(() => ({ dispose: jest.fn() }));
  const layer = layers.add(data, make);
  expect(layers.add(data, make)).toBe(layer);
  const second = layers.add(other, make);
  expect(make).toHaveBeenCalledTimes(2);
  layers.remove(data);
  expect(layers.find(data)).toBe(layer);
  layers.remove(data);
  layers.remove(data);
  expect([layers.find(data), layer.dispose.mock.calls.length]).toEqual([undefined, 1]);
  layers.add(other, make);
  layers.drop(other);
  layers.clear();
  expect(second.dispose).toHaveBeenCalledTimes(1);
});

test('a watch tells of data that is gone, and is taken away from under another', () => {
  const stock = jest.fn((_: object, force?: boolean) => force === true);
  class Backend {
    disposeData(dataId: object, force?: boolean): boolean {
      return stock(dataId, force);
    }
  }
  const backend = new Backend();
  const [first, second] = [jest.fn(), jest.fn()];
  const undo = [watchDisposal(backend, first), watchDisposal(backend, second)];
  const data = {};
  expect([backend.disposeData(data), backend.disposeData(data, true)]).toEqual([false, true]);
  expect([first.mock.calls, second.mock.calls]).toEqual([[[data]], [[data]]]);
  undo[0]();
  backend.disposeData(data, true);
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 2]);
  undo[1]();
  backend.disposeData(data, true);
  expect(second.mock.calls.length).toBe(2);
  expect(stock).toHaveBeenCalledTimes(4);
  expect(Object.hasOwn(backend, 'disposeData')).toBe(false);
});
