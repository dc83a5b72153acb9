import { isFloat } from "../dtype";
import { invariant } from "../errors";
import type { CallAttributes } from "../lower/control";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps, Traced } from "../rules";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import { activity } from "./activity";
import { outputTypes, pick, place } from "./retrace";

/** A tape as one node, emitted once as a function however often it is called. */
export const call: Primitive<CallAttributes> = primitive<CallAttributes>({
  name: "call",
  domain: real,
  fusion: "expand",
  control: "call",
  shape: (_ins, { tape }) => outputTypes(tape).map((aval) => ({ ...aval, weak: false })),
  vjp: () => invariant(false, "call is differentiated by forward and backward") as never,
  forward: (o, ins, a, wanted) => {
    if (a.remat) return { outs: o.bind(call, ins, a), saved: [] };
    const marks = wanted.map((w, j) => w && isFloat(ins[j]!.dtype));
    const flowing = floatOutputs(a.tape, marks);
    const halves = o.transforms.linearize(a.tape, marks, flowing);
    const results = invoke(o, halves.forward, ins);
    const count = a.tape.outputs.length;
    return {
      outs: results.slice(0, count),
      saved: results.slice(count),
      note: { backward: halves.backward, flowing, marks },
    };
  },
  backward: (o, cotangents, ins, outs, a, wanted, saved) => {
    if (a.remat) {
      const marks = wanted.map((w, j) => w && isFloat(ins[j]!.dtype));
      const flowing = cotangents.map((ct) => ct !== undefined);
      const pulled = o.transforms.vjp(a.tape, marks, flowing);
      return place(invoke(o, pulled, [...ins, ...(pick(cotangents, flowing) as Tensor[])]), marks);
    }
    const { backward, flowing, marks } = saved.note as { backward: Traced; flowing: boolean[]; marks: boolean[] };
    // The node joins all inputs with all outputs; inside, no marked input may reach any output.
    if (!flowing.includes(true)) return [];
    const given = pick(
      outs.map((x, k) => cotangents[k] ?? (flowing[k] ? o.zerosLike(x) : undefined)),
      flowing,
    ) as Tensor[];
    return place(invoke(o, backward, [...saved.saved, ...given]), marks);
  },
  jvp: () => invariant(false, "call is differentiated by pushforward") as never,
  pushforward: (o, ins, tangents, a) => {
    const moved = tangents.map((t) => t !== undefined);
    const pushed = o.transforms.jvp(a.tape, moved);
    const results = invoke(o, pushed, [...ins, ...(pick(tangents, moved) as Tensor[])]);
    const count = a.tape.outputs.length;
    return { outs: results.slice(0, count), tangents: place(results.slice(count), pushed.movedOuts) };
  },
  batch: (o, ins, batched, a, size) => {
    const wide = o.transforms.batch(a.tape, batched, size);
    return o.bind(call, [...ins, ...wide.captured], { ...a, tape: wide.tape });
  },
});

/** Calls a traced tape, passing on what it captured. */
const invoke = (o: RuleOps, { tape, captured }: Traced, ins: readonly Tensor[]): Tensor[] =>
  o.bind(call, [...ins, ...captured], { tape });

function floatOutputs(tape: Tape, marks: readonly boolean[]): boolean[] {
  const active = activity(tape, marks);
  return tape.outputs.map((id) => active[id]!);
}
