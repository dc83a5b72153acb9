import { type Primitive, primitive, type RuleOps, sizeOf, type Tensor } from "@dzdt/tensor";
import type { Emitter, Memory, Value } from "@dzdt/tensor";

type FailureAttributes = {
  /** How many of the inputs are numbers of each trajectory, and how many are leaves of states. */
  readonly numbers: number;
  readonly leaves: number;
};

/**
 * The failure of the first trajectory that has one, and what there is to be told of it.
 *
 * Takes which trajectory it is (int32; the first if none failed); numbers of failures, int32 `[n]`, 0 for none; numbers of each trajectory `[n]`, first
 * the time and the step that was to be next; leaves of the states `[n, …]`; and their slopes, or none. Gives the number of the failure; and, if it is not 0,
 * facts `[5 + numbers]` in the dtype of times: the trajectory, −1 where there is only one; the component of its state that is not finite, or moves most within
 * a step in proportion to its size, as the leaf and the position in that, −1 of a scalar; that component, and its slope; and the trajectory's numbers.
 */
export const firstFailure: Primitive<FailureAttributes> = /* @__PURE__ */ primitive<FailureAttributes>({
  name: "firstFailure",
  domain: { low: 0, high: 0 },
  fusion: "expand",
  shape: ([, , t], { numbers }) => [
    { dtype: "int32", shape: [] },
    { dtype: t!.dtype, shape: [5 + numbers] },
  ],
  constant: true,
  vjp: (_o, _cotangents, ins) => ins.map(() => undefined),
  jvp: () => [undefined, undefined],
  // Of all elements together: their trajectories one after the other.
  batch: (o, ins, batched, attributes, size) => {
    const [, ...all] = ins.map((x, j) => merged(o, x, batched[j]!, size));
    const found = o.bind(firstFailure, [firstOf(o, all[0]!), ...all], attributes);
    return found.map((x) => o.broadcastTo(x, [size, ...x.shape]));
  },
  kernel: {
    run: (k, [first, codes, ...rest], [code, facts], _scratch, { numbers, leaves }) => {
      const int = (n: number): Value => k.literal("int32", n);
      const at = first!.load(int(0));
      const failure = codes!.load(at);
      code!.store(int(0), failure);
      k.if(k.notEqual(failure, int(0)), () => {
        const given = rest.slice(0, numbers);
        const who = codes!.shape[0]! > 1 ? at : int(-1);
        const own = given.map((x) => k.cast(x.load(at), facts!.dtype));
        const states = rest.slice(numbers, numbers + leaves);
        const told = [
          k.cast(who, facts!.dtype),
          ...worst(k, at, own[1]!, states, rest.slice(numbers + leaves)),
          ...own,
        ];
        told.forEach((fact, n) => facts!.store(int(n), fact));
      });
    },
  },
});

/** The place of the first number that is not 0; 0 if there is none. */
export const firstOf = (o: Pick<RuleOps, "argmax" | "minimum">, codes: Tensor): Tensor =>
  o.argmax(o.minimum(codes, 1), 0);

function merged(o: RuleOps, x: Tensor, batched: boolean, size: number): Tensor {
  const each = batched ? x : o.broadcastTo(x, [size, ...x.shape]);
  return each.ndim === 1 ? each : o.reshape(each, [size * each.shape[1]!, ...each.shape.slice(2)]);
}

/** The component of one trajectory that is not finite, or moves most: its leaf, its position in that, it, and its slope. */
function worst(
  k: Emitter,
  at: Value,
  step: Value,
  states: readonly Memory[],
  slopes: readonly Memory[],
): readonly Value[] {
  const { dtype } = step;
  const real = (value: number): Value => k.literal(dtype, value);
  const isFinite = (x: Value): Value => k.less(k.abs(x), real(Infinity));
  const [most, ...found] = [-1, 0, 0, 0, 0].map((value) => k.variable(real(value)));
  // Before the first step there may be none that is finite.
  const h = k.select(k.and(isFinite(step), k.notEqual(step, real(0))), step, real(1));
  states.forEach((y, j) => {
    const size = sizeOf(y.shape) / y.shape[0]!;
    k.loop(size, (i) => {
      const position = k.add(k.mul(at, k.literal("int32", size)), i);
      const value = k.cast(y.load(position), dtype);
      const slope = slopes[j] ? k.cast(slopes[j].load(position), dtype) : real(0);
      const moved = k.abs(k.div(k.mul(slope, h), k.add(k.abs(value), real(1e-12))));
      const rank = k.select(isFinite(value), k.select(isFinite(slope), moved, real(1e38)), real(Infinity));
      k.if(k.less(most!.get(), rank), () => {
        most!.set(rank);
        const place = y.shape.length > 1 ? k.cast(i, dtype) : real(-1);
        [real(j), place, value, slope].forEach((x, n) => found[n]!.set(x));
      });
    });
  });
  return found.map((variable) => variable.get());
}
