import type { Operand, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import { alignBatch } from "./elementwise";
import { cut } from "./slice";

/** One or more inputs, of equal lengths but along `axis`, one after another along `axis`. */
export const concat: Primitive<{ readonly axis: number }> = primitive({
  name: "concat",
  domain: real,
  fusion: "view",
  seams: true,
  shape: (ins, { axis }) => {
    const { dtype, shape } = ins[0]!;
    const length = ins.reduce((n, x) => n + x.shape[axis]!, 0);
    return [{ dtype, shape: shape.with(axis, length) }];
  },
  vjp: (o, [ct], ins, _outs, { axis }, wanted) => {
    let start = 0;
    return ins.map((x, j) => {
      const from = start;
      start += x.shape[axis]!;
      return ct && wanted[j] ? cut(o, ct, axis, from, start) : undefined;
    });
  },
  jvp: (o, tangents, ins, _outs, attributes) =>
    tangents.some((t) => t)
      ? o.bind(
          concat,
          ins.map((x, j) => tangents[j] ?? o.zerosLike(x)),
          attributes,
        )
      : [undefined],
  batch: (o, ins, batched, { axis }, size) => o.bind(concat, alignBatch(o, ins, batched, size), { axis: axis + 1 }),
  element: (k, args, i, { axis }) => {
    const parts: { x: Operand; from: number }[] = [];
    let length = 0;
    for (const x of args) {
      if (x.shape[axis]! > 0) parts.push({ x, from: length });
      length += x.shape[axis]!;
    }
    const at = i.axes();
    const read = ({ x, from }: { x: Operand; from: number }): Value =>
      x.at(k.index(x.shape, from === 0 ? at : at.with(axis, k.sub(at[axis]!, k.literal("int32", from)))));
    if (parts.length === 0) return k.literal(args[0]!.dtype, 0);
    if (parts.length === 1) return read(parts[0]!);
    // A tree of branches: log n comparisons for each element, and only the one input that is needed is computed.
    const value = k.variable(k.literal(args[0]!.dtype, 0));
    const choose = (first: number, end: number): void => {
      if (end - first === 1) return value.set(read(parts[first]!));
      const middle = (first + end) >> 1;
      k.if(
        k.less(at[axis]!, k.literal("int32", parts[middle]!.from)),
        () => choose(first, middle),
        () => choose(middle, end),
      );
    };
    choose(0, parts.length);
    return value.get();
  },
});
