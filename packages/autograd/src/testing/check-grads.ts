import { ops, Tensor, tensor, tree, type Tree } from "@dzdt/tensor";
import { jvp } from "../jvp";
import { vjp } from "../vjp";

/** How `checkGrads` checks. */
export interface CheckGradsOptions {
  /** Derivatives up to this order. @defaultValue 1 */
  readonly order?: number;
  /** @defaultValue both */
  readonly modes?: readonly ("forward" | "reverse")[];
  /** Half the step of central differences. @defaultValue 6e-6, or 5e-3 where an argument is float32 */
  readonly step?: number;
  /** Largest error relative to the derivative's size. @defaultValue 1e-6, or 2e-2 where an argument is float32 */
  readonly rtol?: number;
  /** Largest error besides. @defaultValue 1e-8, or 1e-3 where an argument is float32 */
  readonly atol?: number;
  /** Of the directions. @defaultValue 0 */
  readonly seed?: number;
}

type Settings = Required<CheckGradsOptions>;

/**
 * Compares derivatives of a function with central differences in one random direction: J v by forward mode, ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩ by reverse
 * mode; then the same of these derivatives, up to `order`. Use float64.
 * @param f a function of trees whose leaves, arguments and results, are floats; it runs on a target whose numbers can be read at once
 * @throws Error with the figures
 */
export function checkGrads<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckGradsOptions = {},
): void {
  const single = floats(args).some((x) => x.dtype === "float32");
  check(f as unknown as (...args: unknown[]) => unknown, args, {
    order: 1,
    modes: ["forward", "reverse"],
    step: single ? 5e-3 : 6e-6,
    rtol: single ? 2e-2 : 1e-6,
    atol: single ? 1e-3 : 1e-8,
    seed: 0,
    ...options,
  });
}

function check(f: (...args: unknown[]) => unknown, args: readonly unknown[], settings: Settings, path = "f"): void {
  const { order, modes, step, seed } = settings;
  const random = normals(seed);
  const direction = randomLike(args, random);
  const ahead = floats(f(...shifted(args, direction, step)));
  const behind = floats(f(...shifted(args, direction, -step)));
  const expected = ahead.map((y, k) => read(y).map((a, i) => (a - read(behind[k]!)[i]!) / (2 * step)));
  const deeper = { ...settings, order: order - 1, seed: seed + 1 };

  if (modes.includes("forward")) {
    const [, tangent] = jvp(f, args, direction);
    floats(tangent).forEach((t, k) => compare(`${path}: jvp, leaf ${k}`, read(t), expected[k]!, settings));
    if (order > 1) check((...xs) => jvp(f, xs, direction)[1], args, deeper, `jvp of ${path}`);
  }
  if (modes.includes("reverse")) {
    const [out, pullback] = vjp(f, ...args);
    const cotangent = randomLike(out, random);
    const along = inner(floats(cotangent).map(read), expected);
    const back = inner(floats(pullback(cotangent)).map(read), floats(direction).map(read));
    compare(`${path}: vjp, ⟨Jᵀct, v⟩ against ⟨ct, Jv⟩`, [back], [along], settings);
    if (order > 1) check((...xs) => vjp(f, ...xs)[1](cotangent), args, deeper, `vjp of ${path}`);
  }
}

function compare(what: string, found: readonly number[], expected: readonly number[], { rtol, atol }: Settings): void {
  const size = Math.max(0, ...expected.map(Math.abs));
  const worst = found.reduce((most, x, i) => {
    const error = Math.abs(x - expected[i]!);
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
  if (found.length !== expected.length || worst > atol + rtol * size)
    throw new Error(
      `checkGrads: ${what} differs from central differences by ${worst} (allowed: ${atol + rtol * size}); ` +
        `found [${found.slice(0, 8).join(", ")}], expected [${expected.slice(0, 8).join(", ")}]`,
    );
}

const floats = (value: unknown): Tensor[] =>
  tree.flatten(value as Tree).leaves.map((x) => (x instanceof Tensor ? x : tensor(Number(x))));

const read = (x: Tensor): number[] => Array.from(x.dataSync());

const inner = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number =>
  a.reduce((sum, xs, k) => sum + xs.reduce((s, x, i) => s + x * b[k]![i]!, 0), 0);

function shifted(args: readonly unknown[], direction: readonly unknown[], by: number): unknown[] {
  const { leaves, structure } = tree.flatten(args as Tree);
  const along = floats(direction);
  const moved: unknown = tree.unflatten(
    structure,
    leaves.map((x, k) => ops.add(x, ops.mul(along[k]!, by))),
  );
  return moved as unknown[];
}

function randomLike<T>(value: T, random: () => number): T {
  const { structure } = tree.flatten(value as Tree);
  const drawn = floats(value).map((x) => {
    const values = Array.from({ length: x.size }, random);
    return ops.reshape(
      tensor(x.dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values), { target: x.target }),
      x.shape,
    );
  });
  const rebuilt: unknown = tree.unflatten(structure, drawn);
  return rebuilt as T;
}

/** Normal numbers from a seed: the sum of 12 uniform ones, by mulberry32. */
function normals(seed: number): () => number {
  let state = seed + 0x9e3779b9;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b, -6);
}
