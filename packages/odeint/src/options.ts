/** @throws TypeError for the first option that is not among the known ones, with the nearest of them. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(`${where}: options are ${String(options)}; give an object with any of ${known.join(", ")}`);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = known
      .map((other) => [distance(name.toLowerCase(), other.toLowerCase()), other] as const)
      .sort(([a], [b]) => a - b)[0];
    const hint = near && near[0] <= 2 ? `; did you mean ${near[1]}?` : ";";
    throw new TypeError(`${where}: unknown option ${name}${hint} known are ${known.join(", ")}`);
  }
}

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

/** How many letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}
