import { type Aval, bind, checkFunction, type Primitive, primitive, real, type Tape, trace } from "@dzdt/tensor";
import { batchAll, floatsOf, inline, orZeros, outputAvals, pick, place, refuseClosed, tapeOf } from "./custom-call";
import { filled } from "./replay";
import { rebuildAll, traceFunction } from "./traced-function";
import { leavesLike } from "./vjp";

/** A call whose forward mode is the user's; reverse mode transposes it. */
type CustomJvp = {
  readonly tape: Tape;
  readonly rule: () => ForwardRule;
};

/** A derivative of the user's, as a tape, so that it batches and differentiates like everything else. */
interface ForwardRule {
  /** (ins…, tangents of float ins…) → tangents of float outs */
  readonly tangents: Tape;
  /** Inputs that the function or the rule closed over. */
  readonly closed: readonly boolean[];
}

const customJvpCall: Primitive<CustomJvp> = /* @__PURE__ */ primitive<CustomJvp>({
  name: "call",
  control: "call",
  domain: real,
  fusion: "expand",
  shape: (_, { tape }) => outputAvals(tape),
  vjp: (o, cotangents, ins, outs, { rule }, wanted) => {
    const { tangents, closed } = rule();
    refuseClosed("customJvp", closed, wanted);
    const floats = floatsOf(ins);
    const beside = cotangents.find((ct) => ct)!;
    const active = pick(cotangents, floatsOf(outs)).map((ct) => ct !== undefined);
    const directions = [...ins.map(() => false), ...pick(wanted, floats)];
    const back = o.transforms.vjp(tangents, directions, active);
    const still = pick(ins, floats).map((x) => filled(beside.tape!, 0, x));
    const found = inline(back.tape, [
      ...ins,
      ...still,
      ...cotangents.filter((ct) => ct !== undefined),
      ...back.captured,
    ]);
    return place(
      found,
      floats.map((float, j) => float && wanted[j]!),
    );
  },
  jvp: (_o, tangents, ins, outs, { rule }) => {
    refuseClosed(
      "customJvp",
      rule().closed,
      tangents.map((t) => t !== undefined),
    );
    const directions = pick(
      orZeros(
        tangents,
        ins,
        tangents.find((t) => t)!,
      ),
      floatsOf(ins),
    );
    return place(inline(rule().tangents, [...ins, ...directions]), floatsOf(outs));
  },
  batch: (o, ins, batched, { tape, rule }, size) => {
    const { tangents, closed } = rule();
    const many = batchAll(o, tape, batched, size);
    const wide = batchAll(o, tangents, [...batched, ...pick(batched, floatsOf(ins))], size);
    const wideRule: ForwardRule = { tangents: wide, closed };
    return bind(customJvpCall, ins, { tape: many, rule: () => wideRule });
  },
});

/** The rule of a {@link customJvp}: the result and its tangent, which must be linear in the tangents. */
export type CustomJvpRule<A extends readonly unknown[], Y> = (primals: A, tangents: A) => readonly [out: Y, tangent: Y];

/**
 * A function with a forward-mode derivative of your own; reverse mode transposes it. Function and rule are traced where the result is
 * called, so they may close over values; but derivatives flow through the arguments only.
 * @example
 * const softAbs = customJvp((x: Tensor) => x.abs(), ([x], [dx]) => [x.abs(), dx.mul(x.tanh())])
 */
export function customJvp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  rule: CustomJvpRule<A, Y>,
): (...args: A) => Y {
  checkFunction("customJvp", rule);
  return (...args) => {
    const plain = traceFunction(f, args, { where: "customJvp", numbers: "weak" });
    const count = plain.tape.declaredInputs;
    const leaves = plain.ins.slice(0, count);
    const floats = floatsOf(leaves);
    const moves: Aval[] = pick(leaves, floats).map(({ dtype, shape }) => ({ dtype, shape }));
    const ruled = trace(
      "customJvp: rule",
      (...xs) => {
        let next = count;
        const tangents = leaves.map((x, k) => (floats[k] ? xs[next++]! : filled(xs[k]!.tape!, 0, x)));
        const found = rule(
          rebuildAll(plain.args, xs.slice(0, count)) as unknown as A,
          rebuildAll(plain.args, tangents) as unknown as A,
        );
        leavesLike("customJvp: the result of the rule", found[0], plain.result.leaves);
        return pick(
          leavesLike("customJvp: the tangent of the rule", found[1], plain.result.leaves),
          floatsOf(plain.result.leaves),
        );
      },
      [...leaves.map((x) => x.aval), ...moves],
      { target: leaves[0]?.target },
    );
    const ins = [...plain.ins, ...ruled.captured];
    const avals = ins.map((x) => x.aval);
    const tape = tapeOf("customJvp", plain.tape, avals, (xs) => inline(plain.tape, xs.slice(0, plain.ins.length)));
    const still: Aval[] = pick(ins, floatsOf(ins)).map(({ dtype, shape }) => ({ dtype, shape }));
    const tangents = tapeOf("customJvp: rule", ruled.tape, [...avals, ...still], (xs) =>
      inline(ruled.tape, [
        ...xs.slice(0, count),
        ...xs.slice(ins.length, ins.length + moves.length),
        ...xs.slice(plain.ins.length, ins.length),
      ]),
    );
    const forwardRule: ForwardRule = { tangents, closed: ins.map((_, j) => j >= count) };
    return plain.result.rebuild(bind(customJvpCall, ins, { tape, rule: () => forwardRule })) as Y;
  };
}
