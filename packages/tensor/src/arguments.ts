/** What a value is, for people: "null", "a string", "an array". */
export function kindOf(x: unknown): string {
  if (x === undefined || x === null) return String(x);
  const kind = Array.isArray(x) ? "array" : typeof x;
  return `${/^[aou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** @throws TypeError for what cannot be called */
export function checkFunction(where: string, f: unknown): void {
  if (typeof f !== "function") throw new TypeError(`${where}: ${kindOf(f)} in place of a function; give a function`);
}

/** @throws TypeError for what is no array of numbers */
export function checkNumbers(where: string, name: string, list: unknown): void {
  if (!Array.isArray(list) || list.some((n) => typeof n !== "number"))
    throw new TypeError(
      `${where}: ${name} is ${Array.isArray(list) ? `[${list.map(kindOf).join(", ")}]` : kindOf(list)}; give an array of integers`,
    );
}

/** Is it an integer, and not less than that? */
export const isCount = (n: unknown, least = 0): n is number => Number.isInteger(n) && (n as number) >= least;

/** @throws RangeError for a number that is no index of so many arguments */
export function checkIndices(where: string, indices: readonly number[], count: number): void {
  const wrong = indices.find((k) => !isCount(k) || k >= count);
  if (wrong !== undefined)
    throw new RangeError(
      `${where} names argument ${wrong}, which is none of the ${count} that there are; give indices, from 0 on`,
    );
}

/** Is it a list of so many pairs of non-negative integers? */
export const arePairs = (list: unknown, count: number): list is readonly (readonly [number, number])[] =>
  Array.isArray(list) &&
  list.length === count &&
  list.every((pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => isCount(n)));

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
