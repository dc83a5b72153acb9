import { isFloat } from "../dtype";
import { invariant, ShapeError } from "../errors";
import type { CondAttributes } from "../lower/control";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps, Traced } from "../rules";
import { printShape, sameShape } from "../shape";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import { activity } from "./activity";
import { inputTypes, outputTypes, pick, place, retrace } from "./retrace";
import { maskOf, shielded } from "./shield";

/** Inputs: (predicate: bool scalar, operands…), where each branch is a tape of all operands. Only the branch taken is computed. */
export const cond: Primitive<CondAttributes> = primitive<CondAttributes>({
  name: "cond",
  domain: real,
  fusion: "expand",
  control: "cond",
  shape: (_ins, { onTrue, onFalse }) => {
    const [yes, no] = [outputTypes(onTrue), outputTypes(onFalse)];
    const same =
      yes.length === no.length && yes.every((x, k) => x.dtype === no[k]!.dtype && sameShape(x.shape, no[k]!.shape));
    if (!same) {
      const print = (list: typeof yes): string => list.map((x) => x.dtype + printShape(x.shape)).join(", ");
      throw new ShapeError(
        `cond: branches give (${print(yes)}) and (${print(no)}); both must give the same shapes and dtypes`,
      );
    }
    return yes.map(({ dtype, shape }) => ({ dtype, shape }));
  },
  vjp: (o, cotangents, [predicate, ...operands], _outs, { onTrue, onFalse }, [, ...wanted]) => {
    const flowing = cotangents.map((ct) => ct !== undefined);
    const floats = operands.map((x, j) => wanted[j]! && isFloat(x.dtype));
    const branches = [onTrue, onFalse].map((tape) => o.transforms.vjp(tape, floats, flowing));
    const given = [...operands, ...(pick(cotangents, flowing) as Tensor[])];
    return [undefined, ...place(branch(o, predicate!, given, branches), floats)];
  },
  jvp: () => invariant(false, "cond is differentiated by pushforward") as never,
  pushforward: (o, [predicate, ...operands], [, ...tangents], a) => {
    const moved = tangents.map((t) => t !== undefined);
    const reach = [a.onTrue, a.onFalse].map((tape) => activity(tape, moved));
    const movedOuts = a.onTrue.outputs.map((id, k) => reach[0]![id]! || reach[1]![a.onFalse.outputs[k]!]!);
    // Each branch gives its outputs, and a tangent wherever either branch has one.
    const branches = [a.onTrue, a.onFalse].map((tape): Traced => {
      const pushed = o.transforms.jvp(tape, moved);
      const types = [...inputTypes(pushed.tape)];
      const filled = retrace("cond", types, (ins, run) => {
        const results = run(pushed.tape, ins);
        const outs = results.slice(0, tape.outputs.length);
        const ts = place(results.slice(tape.outputs.length), pushed.movedOuts);
        return [
          ...outs,
          ...pick(
            ts.map((t, k) => t ?? o.zerosLike(outs[k]!)),
            movedOuts,
          ),
        ];
      });
      return { tape: filled.tape, captured: pushed.captured };
    });
    const results = branch(o, predicate!, [...operands, ...(pick(tangents, moved) as Tensor[])], branches);
    const count = a.onTrue.outputs.length;
    return { outs: results.slice(0, count), tangents: place(results.slice(count), movedOuts) };
  },
  batch: (o, [predicate, ...operands], [chosen, ...batched], a, size) => {
    const all = a.onTrue.outputs.map(() => true);
    const branches = [a.onTrue, a.onFalse].map((tape) => o.transforms.batch(tape, batched, size, all));
    if (!chosen) return branch(o, predicate!, operands, branches);
    const [yes, no] = branches.map(({ tape, captured }, k) => {
      const taking = k === 0 ? predicate! : o.not(predicate!);
      const read = operands.map((x, j) => (batched[j] ? shielded(o, taking, x) : x));
      return o.applyTape(tape, [...read, ...captured]);
    });
    return yes!.map((x, k) => o.where(maskOf(o, predicate!, x), x, no![k]!));
  },
});

/** Records a branching between two traced tapes of the same declared inputs, each of which may have captured tensors of its own. */
export function branch(
  o: { readonly bind: RuleOps["bind"] },
  predicate: Tensor,
  operands: readonly Tensor[],
  [yes, no]: readonly Traced[],
): Tensor[] {
  const types = (list: readonly Tensor[]): Tensor["aval"][] => list.map((x) => x.aval);
  const shared = operands.length;
  const extend = (own: Traced, before: number, after: number, others: readonly Tensor[]): Tape => {
    const inputs = inputTypes(own.tape);
    const pad = types(others);
    const all = [...inputs.slice(0, shared), ...(before ? pad : []), ...inputs.slice(shared), ...(after ? pad : [])];
    if (pad.length === 0) return own.tape;
    return retrace("cond", all, (ins, run) => {
      const mine = before ? [...ins.slice(0, shared), ...ins.slice(shared + pad.length)] : ins.slice(0, inputs.length);
      return run(own.tape, mine);
    }).tape;
  };
  const onTrue = extend(yes!, 0, 1, no!.captured);
  const onFalse = extend(no!, 1, 0, yes!.captured);
  return o.bind(cond, [predicate, ...operands, ...yes!.captured, ...no!.captured], { onTrue, onFalse });
}
