import { isFloat } from "../dtype";
import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import { sizeOf } from "../shape";
import { eachLine } from "./axes";

/** The int32 positions along `axis` that put x in ascending order: equals in the order they had, NaNs last. */
export const argsort: Primitive<{ readonly axis: number }> = primitive({
  name: "argsort",
  domain: real,
  fusion: "expand",
  shape: ([x]) => [{ dtype: "int32", shape: x!.shape }],
  constant: true,
  vjp: () => [undefined],
  jvp: () => [undefined],
  batch: (o, [x], _batched, { axis }) => o.bind(argsort, [x!], { axis: axis + 1 }),
  kernel: {
    // Two lines of positions that are merged from one into the other.
    scratch: ([x], { axis }) => [
      { dtype: "int32", shape: [x!.shape[axis]!] },
      { dtype: "int32", shape: [x!.shape[axis]!] },
    ],
    run: (k, [x], [out], [from, to], { axis }) => {
      const length = x!.shape[axis]!;
      const stride = k.literal("int32", sizeOf(x!.shape.slice(axis + 1)));
      eachLine(k, x!.shape, axis, (first) => {
        const key = (position: Value): Value => x!.load(k.add(first, k.mul(position, stride)));
        k.loop(length, (i) => from!.store(i, i));
        const width = k.variable(k.literal("int32", 1));
        k.while(
          () => k.less(width.get(), k.literal("int32", length)),
          () => {
            mergePairs(k, from!, to!, width.get(), length, key);
            k.loop(length, (i) => from!.store(i, to!.load(i)));
            width.set(k.add(width.get(), width.get()));
          },
        );
        k.loop(length, (i) => out!.store(k.add(first, k.mul(i, stride)), from!.load(i)));
      });
    },
    known: ({ axis }) => ({ kind: "sort", axis, before }),
  },
});

/** Emits one pass of a merge sort: merges each two neighbouring sorted runs of `width` positions. */
function mergePairs(
  k: Emitter,
  from: Memory,
  to: Memory,
  width: Value,
  length: number,
  key: (position: Value) => Value,
): void {
  const one = k.literal("int32", 1);
  const end = k.literal("int32", length);
  const left = k.variable(k.literal("int32", 0));
  const right = k.variable(k.literal("int32", 0));
  const middle = k.variable(k.literal("int32", 0));
  const limit = k.variable(k.literal("int32", 0));
  k.loop(length, (at) => {
    k.if(k.equal(at, limit.get()), () => {
      left.set(at);
      middle.set(k.min(k.add(at, width), end));
      limit.set(k.min(k.add(middle.get(), width), end));
      right.set(middle.get());
    });
    const takeRight = k.variable(k.literal("bool", 0));
    k.if(
      k.less(left.get(), middle.get()),
      () => {
        k.if(k.less(right.get(), limit.get()), () => {
          takeRight.set(before(k, key(from.load(right.get())), key(from.load(left.get()))));
        });
      },
      () => takeRight.set(k.literal("bool", 1)),
    );
    k.if(
      takeRight.get(),
      () => {
        to.store(at, from.load(right.get()));
        right.set(k.add(right.get(), one));
      },
      () => {
        to.store(at, from.load(left.get()));
        left.set(k.add(left.get(), one));
      },
    );
  });
}

function before(k: Emitter, a: Value, b: Value): Value {
  if (a.dtype === "bool") return k.and(k.not(a), b);
  const less = k.less(a, b);
  return isFloat(a.dtype) ? k.or(less, k.and(k.equal(a, a), k.notEqual(b, b))) : less;
}
