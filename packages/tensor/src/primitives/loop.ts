import { invariant } from "../errors";
import { type Aval, type Primitive, primitive, real } from "../primitive";
import { isDynamic, type LoopAttributes, splitInputs, splitOutputs } from "../lower/control";
import { batchLoop } from "./loop-batch";
import { pushLoop } from "./loop-jvp";
import { backwardSegments, forwardSegments, spansOf } from "./loop-checkpoints";
import { backwardLoop, forwardLoop } from "./loop-vjp";

/** The control-flow primitive on which `scan`, `whileLoop`, `fori` and whole solves stand. */
export const loop: Primitive<LoopAttributes> = primitive<LoopAttributes>({
  name: "loop",
  domain: real,
  fusion: "expand",
  control: "loop",
  shape: (ins, a) => {
    const { carries } = splitInputs(a, ins);
    const { ys } = splitOutputs(
      a,
      a.body.outputs.map((id) => a.body.avals[id]!),
      "body",
    );
    invariant(ys.length === a.ys.length, "loop: the body's outputs do not fit");
    const steps: Aval[] = a.condition ? [{ dtype: "int32", shape: [] }] : [];
    const outs = ys.map(({ dtype, shape }, k): Aval => {
      if (a.ys[k] === "row") return { dtype, shape: [a.rows, ...shape] };
      return { dtype, shape: [a.length, ...shape], ...(isDynamic(a) ? { dynamic: true } : {}) };
    });
    return [...carries.map(({ dtype, shape }) => ({ dtype, shape })), ...outs, ...steps];
  },
  vjp: () => invariant(false, "loop is differentiated by forward and backward") as never,
  forward: (o, ins, a) => (spansOf(a).length > 0 ? forwardSegments : forwardLoop)(o, loop, ins, a),
  backward: (o, cotangents, ins, outs, a, wanted, { saved }) =>
    (spansOf(a).length > 0 ? backwardSegments : backwardLoop)(o, loop, cotangents, ins, outs, a, wanted, saved),
  jvp: () => invariant(false, "loop is differentiated by pushforward") as never,
  pushforward: (o, ins, tangents, a) => pushLoop(o, loop, ins, tangents, a),
  batch: (o, ins, batched, a, size) => batchLoop(o, loop, ins, batched, a, size),
});
