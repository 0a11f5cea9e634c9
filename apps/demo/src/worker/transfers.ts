/** The weights within a message, to be handed over instead of copied: whoever sends a model is done with it. */
export function transfersOf(message: unknown): ArrayBuffer[] {
  const { artifacts = message } = (message ?? {}) as { artifacts?: unknown };
  const { weightData } = (artifacts ?? {}) as { weightData?: unknown };
  return [weightData].flat().filter((data): data is ArrayBuffer => data instanceof ArrayBuffer);
}
