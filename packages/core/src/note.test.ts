import { InputError, isEspalierError } from './errors.js';
import { asNote, fillNote, readNote, sayings, uniqueNotes } from './note.js';
import { listNotes } from './notes.js';

const say = sayings({ plain: 'it is blue', why: '{id} stays: {why}', loss: 'the loss is {value}' });

test('a note says its sentence, and what it is made of', () => {
  expect(say('plain')).toEqual({ code: 'plain', text: 'it is blue' });
  expect(say('why', { id: 'fc', why: say('plain') })).toEqual({
    code: 'why',
    params: { id: 'fc', why: { code: 'plain', text: 'it is blue' } },
    text: 'fc stays: it is blue',
  });
  // @ts-expect-error: a value is missing
  expect(say('why', { id: 'fc' }).text).toContain('fc stays');
  // @ts-expect-error: the table has no such code
  expect(() => say('nothing', { id: 'fc' })).toThrow(TypeError);
});

test('a note is the same after JSON, NaN and infinities too', () => {
  for (const value of [1.5, NaN, -Infinity]) {
    const note = say('loss', { value });
    expect(note.text).toBe(`the loss is ${value}`);
    expect(readNote(JSON.parse(JSON.stringify(note)))).toEqual(note);
  }
});

test('values are said as they are, whatever they look like', () => {
  expect(fillNote('{a} and {b}', { a: '{b}', b: '$&' })).toBe('{b} and $&');
});

test('a text is a note without a code; the same text is said once', () => {
  expect([asNote('odd'), asNote(say('plain'))]).toEqual([{ text: 'odd' }, say('plain')]);
  expect(uniqueNotes([say('plain'), asNote('odd'), asNote('it is blue')])).toEqual([say('plain'), asNote('odd')]);
});

test('several notes are one', () => {
  const notes = ['a', 'b', 'c'].map(asNote);
  expect([1, 2, 3].map((most) => listNotes(notes, most)!.text)).toEqual(['a; …', 'a; b; …', 'a; b; c']);
  expect(listNotes([], 3)).toBeUndefined();
});

function deep(levels: number): unknown {
  let note: unknown = 'x';
  for (let i = 0; i < levels; i++) note = { text: 'x', params: { why: note } };
  return note;
}

test('what a file has is a note or is none', () => {
  for (const note of [
    'a string, as files of before have it',
    { text: 'x', code: 'plain', params: { a: 1, b: 'c', why: { text: 'y' } } },
  ])
    expect(readNote(note)).toEqual(typeof note === 'string' ? { text: note } : note);
  expect(readNote(deep(8))).toBeDefined();
  for (const none of [
    ...[null, 5, [], {}, { text: 5 }, { text: 'x', code: 5 }, deep(10_000)],
    ...[[], null, { a: true }, { a: null }, { a: { why: 'no text' } }].map((params) => ({ text: 'x', params })),
  ])
    expect(readNote(none)).toBeUndefined();
});

test('an error whose message is a note has both', () => {
  const error: unknown = new InputError('wrong', say('loss', { value: NaN }), { where: 'data' });
  expect(isEspalierError(error)).toBe(true);
  expect(error).toMatchObject({ code: 'wrong', message: 'the loss is NaN', note: { code: 'loss' }, where: 'data' });
  expect(new InputError('wrong', 'so').note).toBeUndefined();
});
