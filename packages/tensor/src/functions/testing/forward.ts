import * as functions from "..";
import type { RuleOps } from "../../rules";
import { withinRule } from "../../literals";
import { bind } from "../../run";
import { Tensor } from "../../tensor";
import { trace } from "../../trace";

const o = functions as unknown as RuleOps;

/** f′ of an elementwise function, by the forward rules of straight-line code; nests. For tests of conventions at single points. */
export const derivative =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const { tape, captured } = trace("derivative", (z) => [f(z)], [x.aval], { target: x.target });
    const values = new Map<number, Tensor>();
    const tangents = new Map<number, Tensor>();
    [x, ...captured].forEach((value, k) => values.set(tape.inputs[k]!, value));
    return withinRule(() => {
      const like = functions.mul(x, 0);
      for (const { id, value } of tape.literals) values.set(id, Tensor.scalar(value, tape.avals[id]!.dtype, x.target));
      tangents.set(tape.inputs[0]!, functions.add(like, 1));
      for (const { op, ins, outs, attributes } of tape.nodes) {
        const inputs = ins.map((id) => values.get(id)!);
        const results = bind(op, inputs, attributes);
        const moved = op.jvp(
          o,
          ins.map((id) => tangents.get(id)),
          inputs,
          results,
          attributes,
        );
        outs.forEach((id, k) => {
          values.set(id, results[k]!);
          if (moved[k]) tangents.set(id, moved[k]);
        });
      }
      return tangents.get(tape.outputs[0]!) ?? like;
    });
  };
