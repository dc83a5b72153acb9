import {
  type Aval,
  bind,
  checkFunction,
  type Primitive,
  primitive,
  real,
  ShapeError,
  Tape,
  type Tensor,
  trace,
} from "@dzdt/tensor";
import { batchAll, floatsOf, inline, orZeros, outputAvals, pick, place, refuseClosed, tapeOf } from "./custom-call";
import { flatten, type Flat } from "./leaves";
import { filled } from "./replay";
import { traceFunction } from "./traced-function";
import { leavesLike } from "./vjp";

/** A derivative of the user's, as tapes, so that it batches and differentiates like everything else. */
interface ReverseRule {
  /** ins → (outs…, saved…) */
  readonly forward: Tape;
  /** (saved…, cotangents of float outs…) → cotangents of the ins marked in `given` */
  readonly backward: Tape;
  readonly given: readonly boolean[];
  /** Inputs that the function closed over. */
  readonly closed: readonly boolean[];
}

/** A call whose reverse mode is the user's. Forward mode differentiates the function itself. */
type CustomVjp = {
  readonly tape: Tape;
  /** Behind a function, because it does not change what the node computes: keys leave functions out. */
  readonly rule: () => ReverseRule;
};

const customVjpCall: Primitive<CustomVjp> = /* @__PURE__ */ primitive<CustomVjp>({
  name: "call",
  control: "call",
  domain: real,
  fusion: "expand",
  shape: (_, { tape }) => outputAvals(tape),
  forward: (_o, ins, { rule, tape }, wanted) => {
    refuseClosed("customVjp", rule().closed, wanted);
    const found = inline(rule().forward, ins);
    return { outs: found.slice(0, tape.outputs.length), saved: found.slice(tape.outputs.length) };
  },
  backward: (_o, cotangents, _ins, outs, { rule }, _wanted, { saved }) => {
    const { backward, given } = rule();
    const cts = pick(
      orZeros(
        cotangents,
        outs,
        cotangents.find((ct) => ct)!,
      ),
      floatsOf(outs),
    );
    return place(inline(backward, [...saved, ...cts]), given);
  },
  vjp: (o, cotangents, ins, outs, attributes, wanted) => {
    const { saved } = customVjpCall.forward!(o, ins, attributes, wanted);
    return customVjpCall.backward!(o, cotangents, ins, outs, attributes, wanted, { saved });
  },
  jvp: (o, tangents, ins, outs, { tape }) => {
    const moved = tangents.map((t) => t !== undefined);
    const both = o.transforms.jvp(tape, moved);
    const found = inline(both.tape, [...ins, ...tangents.filter((t) => t !== undefined), ...both.captured]);
    return place(found.slice(outs.length), both.movedOuts);
  },
  batch: (o, ins, batched, { tape, rule }, size) => {
    const { forward, backward, given, closed } = rule();
    const many = batchAll(o, tape, batched, size);
    const outs = tape.outputs.length;
    const wide = o.transforms.batch(
      forward,
      batched,
      size,
      forward.outputs.map((_, k) => k < outs),
    );
    const savedWide = wide.batchedOuts.slice(outs);
    const flags = backward.inputs.map((_, k) => savedWide[k] ?? true);
    const back = batchAll(o, backward, flags, size);
    const givenBatched = pick(batched, given);
    // The cotangent of what is the same for all examples is the sum of those of the examples.
    const summed = tapeOf(
      back.where,
      back,
      back.inputs.map((id) => back.avals[id]!),
      (values) => inline(back, values).map((ct, k) => (givenBatched[k] ? ct : o.sum(ct, [0]))),
    );
    const wideRule: ReverseRule = { forward: wide.tape, backward: summed, given, closed };
    return bind(customVjpCall, ins, { tape: many, rule: () => wideRule });
  },
});

/** The rule of a {@link customVjp}. */
export interface CustomVjpRule<A extends readonly unknown[], Y, R> {
  /** The function's result, and a tree of what `backward` needs. */
  forward(this: void, ...args: A): readonly [out: Y, residuals: R];
  /** A cotangent tree for each argument, undefined for zero, from that of the result. */
  backward(this: void, residuals: R, cotangent: Y): readonly unknown[];
}

/**
 * A function with a reverse-mode derivative of your own. Forward mode differentiates the function itself. The three functions are traced
 * where the result is called, so they may close over values; but gradients flow to the arguments only.
 * @example
 * const clipped = customVjp((x: Tensor) => x, { forward: (x) => [x, []], backward: (_, ct) => [ct.clip(-1, 1)] })
 */
export function customVjp<A extends readonly unknown[], Y, R>(
  f: (...args: A) => Y,
  rule: CustomVjpRule<A, Y, R>,
): (...args: A) => Y {
  return (...args) => {
    checkFunction("customVjp: forward", rule?.forward);
    checkFunction("customVjp: backward", rule.backward);
    const plain = traceFunction(f, args, { where: "customVjp", numbers: "weak" });
    const ahead = traceFunction(rule.forward, args, { where: "customVjp: forward", numbers: "weak" });
    const count = plain.tape.declaredInputs;
    const leaves = plain.ins.slice(0, count);
    const pair = ahead.result.rebuild(ahead.result.leaves);
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new ShapeError(
        "customVjp: forward returned no pair; return [out, residuals], of which backward gets the second",
      );
    const [out, residuals] = pair as [unknown, unknown];
    leavesLike("customVjp: the result of forward", out, plain.result.leaves);
    const outs = plain.result.leaves.length;
    const back = traceBackward(rule, plain.args, plain.result, flatten(residuals));
    const closedByF = plain.ins.slice(count);
    const closedByForward = ahead.ins.slice(count);
    const ins = [...leaves, ...closedByF, ...closedByForward, ...back.captured];
    const avals = ins.map((x) => x.aval);
    const at = { f: count, forward: count + closedByF.length, backward: ins.length - back.captured.length };
    const tape = tapeOf("customVjp", plain.tape, avals, (xs) => inlineTo(plain.tape, xs.slice(0, at.forward), xs));
    const forward = tapeOf("customVjp: forward", ahead.tape, avals, (xs) => {
      const found = inlineTo(ahead.tape, [...xs.slice(0, at.f), ...xs.slice(at.forward, at.backward)], xs);
      return [...found, ...xs.slice(at.backward)];
    });
    const ordered = backwardInOrder(back.tape, forward, outs, floatsOf(plain.result.leaves));
    const reverseRule: ReverseRule = {
      forward,
      backward: ordered,
      given: ins.map((_, j) => back.given[j] ?? false),
      closed: ins.map((_, j) => j >= at.f && j < at.backward),
    };
    return plain.result.rebuild(bind(customVjpCall, ins, { tape, rule: () => reverseRule })) as Y;
  };
}

const inlineTo = (tape: Tape, ins: readonly Tensor[], all: readonly Tensor[]): Tensor[] =>
  all.length ? inline(tape, ins) : [];

/** Puts what the backward function closed over, which `forward` saves last, before the cotangents. */
function backwardInOrder(back: Tape, forward: Tape, outs: number, floats: readonly boolean[]): Tape {
  const saved = outputAvals(forward).slice(outs);
  const cts = pick(outputAvals(forward).slice(0, outs), floats);
  const closed = back.inputs.length - back.declaredInputs;
  return tapeOf(back.where, back, [...saved, ...cts], (xs) => {
    const residuals = xs.slice(0, saved.length - closed);
    const captured = xs.slice(saved.length - closed, saved.length);
    return inline(back, [...residuals, ...xs.slice(saved.length), ...captured]);
  });
}

/** (residuals…, cotangents of float outs…) → cotangents of the arguments' leaves marked in `given`. */
function traceBackward<A extends readonly unknown[], Y, R>(
  rule: CustomVjpRule<A, Y, R>,
  args: readonly Flat[],
  result: Flat,
  residuals: Flat,
): { readonly tape: Tape; readonly captured: readonly Tensor[]; readonly given: readonly boolean[] } {
  const floats = floatsOf(result.leaves);
  const strip = ({ dtype, shape }: Tensor): Aval => ({ dtype, shape });
  const cts = pick(result.leaves, floats).map(strip);
  let given: boolean[] = [];
  const traced = trace(
    "customVjp: backward",
    (...xs) => {
      const saved = xs.slice(0, residuals.leaves.length);
      let next = saved.length;
      const onto = xs[0]?.tape;
      const all = result.leaves.map((y, k) => (floats[k] || !onto ? xs[next++]! : filled(onto, 0, y)));
      const found = rule.backward(residuals.rebuild(saved) as R, result.rebuild(all) as Y);
      const perLeaf = args.flatMap((arg, n) => cotangentsOf(arg, found[n], n));
      given = perLeaf.map((ct) => ct !== undefined);
      return perLeaf.filter((ct) => ct !== undefined);
    },
    [...residuals.leaves.map((x) => x.aval), ...cts],
    { target: result.leaves[0]?.target },
  );
  return { ...traced, given };
}

/** The leaves of what `backward` returned for an argument; nothing for leaves that are not floats. */
function cotangentsOf(arg: Flat, found: unknown, n: number): (Tensor | undefined)[] {
  if (found === undefined || found === null) return arg.leaves.map(() => undefined);
  const floats = floatsOf(arg.leaves);
  return leavesLike(`customVjp: what backward returned for argument ${n}`, found, arg.leaves).map((ct, k) =>
    floats[k] ? ct : undefined,
  );
}
