let enabled = true;

/** Do loops run in registers where they fit? */
export const registersEnabled = (): boolean => enabled;

/** Lowers without registers, to compare with. */
export function withoutRegisters<R>(body: () => R): R {
  enabled = false;
  try {
    return body();
  } finally {
    enabled = true;
  }
}
