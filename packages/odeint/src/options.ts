import { checkOptions } from "@dzdt/tensor";

export { checkOptions };

/**
 * What defines a solver, with some of it replaced.
 * @throws TypeError for changes of what it does not know
 */
export function changed<O extends { readonly name: string }>(
  options: O,
  changes: Partial<O>,
  known: readonly (keyof O & string)[],
): O {
  checkOptions(`${options.name}.with`, changes, known);
  return { ...options, ...changes };
}
