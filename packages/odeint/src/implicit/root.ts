import {
  type Aval,
  bind,
  isFloat,
  linalg,
  type Primitive,
  primitive,
  real,
  type RuleOps,
  type Tape,
  type Tensor,
  trace,
} from "@dzdt/tensor";
import { typeOf } from "../leaves";
import { identityLike } from "./vector";

/** Over how many rows a node was batched, and which of its inputs have them. */
export type Level = {
  readonly size: number;
  readonly marks: readonly boolean[];
};

type RootAttributes = {
  /** What the node computes: its first input. */
  readonly tape: Tape;
  /** (x, closed…) → residual, of one row. */
  readonly residual: Tape;
  /** Outermost first. */
  readonly levels: readonly Level[];
};

/**
 * (x, closed…) → x, a root of residual(x, closed…) = 0. Derivatives are those of the implicit function, dx = −(∂r/∂x)⁻¹ ∂r/∂closed, to any order;
 * how the root was found plays no part.
 */
const rooting: Primitive<RootAttributes> = primitive<RootAttributes>({
  name: "root",
  domain: real,
  fusion: "expand",
  control: "call",
  shape: (_ins, { tape }) => tape.outputs.map((id) => tape.avals[id]!),
  jvp: (o, [, ...tangents], [, ...closed], [x], { residual, levels }) => {
    const moving = tangents.map((dc) => dc !== undefined);
    const pushed = o.transforms.jvp(residual, [false, ...moving]);
    if (!pushed.movedOuts[0]) return [undefined];
    const rule = (ins: readonly Tensor[]): Tensor[] => {
      const at = ins.slice(0, closed.length + 1);
      const found = o.applyTape(pushed.tape, [...ins, ...pushed.captured])[1]!;
      return [linalg.solve(slope(o, residual, at), o.neg(found))];
    };
    const wide = levels.map(({ size, marks }) => ({
      size,
      marks: [...marks, ...marks.slice(1).filter((_, j) => moving[j])],
    }));
    return batched(o, rule, [x!, ...closed, ...tangents.filter((dc) => dc !== undefined)], wide);
  },
  vjp: (o, [ct], [, ...closed], [x], { residual, levels }, [, ...wanted]) => {
    const flags = closed.map((c, j) => wanted[j]! && isFloat(c.dtype));
    if (!ct || !flags.includes(true)) return [undefined];
    const rule = (ins: readonly Tensor[]): Tensor[] => {
      const at = ins.slice(0, -1);
      const back = linalg.solve(o.transpose(slope(o, residual, at)), o.neg(ins.at(-1)!));
      const pulled = o.transforms.vjp(residual, [false, ...flags], [true]);
      return o.applyTape(pulled.tape, [...at, back, ...pulled.captured]);
    };
    const wide = levels.map(({ size, marks }) => ({ size, marks: [...marks, true] }));
    const own = (level: Level): boolean[] => level.marks.slice(1, -1).filter((_, j) => flags[j]);
    const found = batched(o, rule, [x!, ...closed, ct], wide, own);
    let next = 0;
    return [undefined, ...flags.map((flag) => (flag ? found[next++] : undefined))];
  },
  batch: (o, [x, ...closed], [own, ...marks], { residual, levels }, size) => {
    const wide = own ? x! : o.broadcastTo(o.reshape(x!, [1, ...x!.shape]), [size, ...x!.shape]);
    return record(wide, closed, residual, [{ size, marks: [true, ...marks] }, ...levels]);
  },
});

/** ∂residual/∂x at (x, closed…), `[n, n]`. */
function slope(o: RuleOps, residual: Tape, at: readonly Tensor[]): Tensor {
  const n = at[0]!.shape[0]!;
  const pushed = o.transforms.jvp(residual, [true, ...at.slice(1).map(() => false)]);
  const marks = pushed.tape.inputs.map((_, k) => k === at.length);
  const columns = o.transforms.batch(pushed.tape, marks, n, [false, true]);
  const ins = [...at, identityLike(at[0]!, n), ...pushed.captured, ...columns.captured];
  return o.transpose(o.applyTape(columns.tape, ins)[1]!);
}

/** A rule of one row for all rows. Results of which `own` says that rows share them are summed over the rows. */
export function batched(
  o: RuleOps,
  rule: (ins: readonly Tensor[]) => Tensor[],
  ins: readonly Tensor[],
  levels: readonly Level[],
  own?: (level: Level) => readonly boolean[],
): Tensor[] {
  const [level, ...inner] = levels;
  if (!level) return rule(ins);
  const { size, marks } = level;
  const { tape, captured } = trace(
    "root",
    (...row) => batched(o, rule, row, inner, own),
    ins.map(({ dtype, shape }, j): Aval => ({ dtype, shape: marks[j] ? shape.slice(1) : shape })),
  );
  const every = tape.outputs.map(() => true);
  const wide = o.transforms.batch(tape, [...marks, ...captured.map(() => false)], size, every);
  const found = o.applyTape(wide.tape, [...ins, ...captured, ...wide.captured]);
  const kept = own?.(level) ?? every;
  return found.map((x, k) => (kept[k] ? x : o.sum(x, 0)));
}

function record(x: Tensor, closed: readonly Tensor[], residual: Tape, levels: readonly Level[]): Tensor[] {
  const ins = [x, ...closed];
  const { tape } = trace("root", (root) => [root], ins.map(typeOf));
  return bind(rooting, ins, { tape, residual, levels });
}

/** The vector x, known to solve residual(x) = 0, with the derivatives that it then has with respect to all that the residual closes over. */
export function rooted(residual: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const { dtype, shape, target } = x;
  const { tape, captured } = trace("root", (root) => [residual(root)], [{ dtype, shape }], { target });
  return record(x, captured, tape, [])[0]!;
}
