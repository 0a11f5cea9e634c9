import { useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { type Backend, BACKENDS } from '../../worker/protocol.js';

/** Renderers that draw on the processor: what they take says nothing about a graphics card. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software/i;

interface Props {
  readonly chosen: readonly Backend[];
  readonly onChoose: (backends: readonly Backend[]) => void;
  /** Rows of one table are timed on the same backends. */
  readonly locked: boolean;
}

/** Which backends run here, on what device, and which of them are timed. */
export function Backends({ chosen, onChoose, locked }: Props) {
  const text = useText();
  const { checkBackends } = useActions();
  const found = useStore(({ backends }) => backends);
  const checking = useStore(({ checking }) => checking);
  const run = useStore(({ run }) => run);
  const toggle = (name: Backend, on: boolean) =>
    onChoose(BACKENDS.filter((backend) => (backend === name ? on : chosen.includes(backend))));
  return (
    <fieldset class="card backends" disabled={locked || run !== null}>
      <legend class="label">{text.measure.backends}</legend>
      <ul>
        {BACKENDS.map((name) => {
          const state = found?.find((backend) => backend.name === name);
          const usable = state ? state.works : name === 'cpu' || name === 'wasm';
          return (
            <li key={name}>
              <label>
                <input
                  type="checkbox"
                  checked={usable && chosen.includes(name)}
                  disabled={!usable}
                  onChange={({ currentTarget }) => toggle(name, currentTarget.checked)}
                />
                {name}
              </label>
              {state && (
                <small>
                  {!state.works
                    ? text.measure.worksNot
                    : SOFTWARE.test(state.detail)
                      ? text.measure.software
                      : text.measure.works}
                  {state.detail && <span lang="en">: {state.detail}</span>}
                </small>
              )}
            </li>
          );
        })}
      </ul>
      {!found && (
        <button type="button" disabled={checking} onClick={() => void checkBackends()}>
          {checking ? text.measure.checking : text.measure.check}
        </button>
      )}
    </fieldset>
  );
}
