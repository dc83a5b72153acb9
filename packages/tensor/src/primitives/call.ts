import { isFloat } from "../dtype";
import { invariant } from "../errors";
import type { CallAttributes } from "../lower/control";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps, Traced, Transforms } from "../rules";
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
    const halves = once(a.tape, "linearize", [marks, flowing], () => o.transforms.linearize(a.tape, marks, flowing));
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
      const pulled = once(a.tape, "vjp", [marks, flowing], () => o.transforms.vjp(a.tape, marks, flowing));
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
    const pushed = once(a.tape, "jvp", moved, () => o.transforms.jvp(a.tape, moved));
    const results = invoke(o, pushed, [...ins, ...(pick(tangents, moved) as Tensor[])]);
    const count = a.tape.outputs.length;
    return { outs: results.slice(0, count), tangents: place(results.slice(count), pushed.movedOuts) };
  },
  batch: (o, ins, batched, a, size) => {
    const wide = once(a.tape, "batch", [batched, size], () => o.transforms.batch(a.tape, batched, size));
    return o.bind(call, [...ins, ...wide.captured], { ...a, tape: wide.tape });
  },
});

type Halves = ReturnType<Transforms["linearize"]>;

/** What transforms made of a tape, the latest of each. */
type Latest = Map<string, { readonly how: string; readonly made: unknown }>;
const latest = new WeakMap<Tape, Latest>();

/** What a transform makes of a tape; the same as for the call before, as a rule: a function that is called again is transformed once, and stays one. */
function once<T extends Traced | Halves>(tape: Tape, name: string, how: readonly unknown[], transform: () => T): T {
  let known = latest.get(tape);
  if (!known) latest.set(tape, (known = new Map() as Latest));
  const key = how.join(" ");
  const before = known.get(name);
  if (before?.how === key) return before.made as T;
  const made: Traced | Halves = transform();
  const parts: readonly Traced[] = "tape" in made ? [made] : [made.forward, made.backward];
  // What was captured may belong to a trace that ends.
  if (parts.every(({ captured }) => captured.length === 0)) known.set(name, { how: key, made });
  return made as T;
}

/** Calls a traced tape, passing on what it captured. */
const invoke = (o: RuleOps, { tape, captured }: Traced, ins: readonly Tensor[]): Tensor[] =>
  o.bind(call, [...ins, ...captured], { tape });

function floatOutputs(tape: Tape, marks: readonly boolean[]): boolean[] {
  const active = activity(tape, marks);
  return tape.outputs.map((id) => active[id]!);
}
