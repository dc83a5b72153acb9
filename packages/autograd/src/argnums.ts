/** Positions of arguments: one, or several. */
export type Argnums = number | readonly number[];

/** Positions as a list, counted from the first argument. @throws RangeError for a position that no argument has, or one given twice. */
export function normalizeArgnums(where: string, argnums: Argnums, count: number): number[] {
  const given: unknown = typeof argnums === "number" ? [argnums] : argnums;
  if (!Array.isArray(given))
    throw new TypeError(`${where}: argnums is ${String(argnums)}; give a number, or an array of numbers`);
  const list = (given as number[]).map((n) => {
    if (!Number.isInteger(n) || n < -count || n >= count)
      throw new RangeError(
        `${where}: argnums names argument ${n} of a function called with ${count}; ` +
          (count ? `give integers from 0 to ${count - 1}` : "call it with arguments to differentiate"),
      );
    return n < 0 ? n + count : n;
  });
  if (new Set(list).size !== list.length)
    throw new RangeError(`${where}: argnums [${list.join(", ")}] names an argument twice; give each once`);
  return list;
}
