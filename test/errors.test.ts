import { grad, vmap } from "@dzdt/autograd";
import {
  compile,
  cond,
  fori,
  js,
  ones,
  scan,
  type Target,
  type Tensor,
  tensor,
  wasm,
  whileLoop,
  zeros,
} from "@dzdt/tensor";
import { expect, test } from "vitest";

/** The message of what a function throws. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return expect.fail("nothing was thrown");
}
/** where: what was wrong, with the values; what to do. One line. */
const grammar = /^[a-zA-Z0-9.]+: [^\n]+; [^\n]+$/;

/** A target of another kind, as a GPU is: without float64. */
const single: Target = { ...js(), name: "single", supports: (dtype) => dtype !== "float64" };

const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    "a tensor of a dtype that its target lacks",
    () => zeros([2], { dtype: "float64", target: single }),
    /^zeros: single has no float64; choose another dtype, as in \{ dtype: "float32" \}, or target/,
  ],
  [
    "a tensor moved to a target that lacks its dtype",
    () => zeros([2], { dtype: "float64" }).to(single),
    /^to: single has no float64; cast it first, as in x\.to\("float32"\)/,
  ],
  [
    "a tensor in arithmetic of the language",
    () => (tensor([1, 2]) as unknown as number) + 1,
    /float32\[2\] tensor was coerced to a primitive; use methods in place of operators/,
  ],
  ["a tensor in a template", () => `${ones([]) as unknown as string}`, /coerced to a string; .*toString\(\) to print/],
  ["a tensor compared", () => (ones([]) as unknown as number) < 2, /coerced to a number; .*cond, where or whileLoop/],
  [
    "a branch on a traced value",
    () => compile((x: Tensor) => (Number(x as unknown as number) > 0 ? x : x.neg()))(ones([])),
    /coerced to a number/,
  ],
  [
    "a number read in compile",
    () => compile((x: Tensor) => (x.itemSync() > 0 ? x : x.neg()))(ones([])),
    /itemSync: a traced float32\[\] has no numbers yet \(inside .*\); branch with cond, where or whileLoop/,
  ],
  [
    "a number read in vmap",
    () => vmap((x: Tensor) => (x.itemSync() > 0 ? x : x.neg()))(ones([2])),
    /has no numbers yet \(inside vmap\)/,
  ],
  [
    "a number read in scan",
    () => scan((c: Tensor) => [c, c.itemSync()], ones([]), undefined, { length: 2 }),
    /has no numbers yet \(inside scan\)/,
  ],
  [
    "a value that outlives its trace",
    () => {
      let kept: Tensor | undefined;
      compile((x: Tensor) => (kept = x.add(1)))(ones([]));
      return kept!.add(1);
    },
    /a value of a trace that has ended .* was used; return it from the traced function/,
  ],
  [
    "a value that outlives its trace, used in another",
    () => {
      let kept: Tensor | undefined;
      fori(2, (_i, x: Tensor) => (kept = x.add(1)), ones([]));
      return compile((x: Tensor) => x.add(kept!))(ones([]));
    },
    /a value of a trace that has ended \(fori\) was used; return it from the traced function/,
  ],
  [
    "tensors of two targets",
    () => ones([2], { target: js() }).add(ones([2], { target: wasm() })),
    /tensors on js and on wasm do not mix; move one with to\(target\)/,
  ],
  [
    "a donated tensor",
    () => {
      const w = ones([2]);
      compile((x: Tensor) => x.mul(2), { donate: [0] })(w);
      return w.add(1);
    },
    /a float32\[2\] tensor was donated to .* and can not be used again; use what that call returned/,
  ],
  [
    "a donated tensor that a compiled function closed over",
    () => {
      const w = ones([2]);
      compile((x: Tensor) => x.mul(2), { donate: [0] })(w);
      return compile((x: Tensor) => x.add(w))(ones([2]));
    },
    /a float32\[2\] tensor was donated to .* and can not be used again; use what that call returned/,
  ],
  [
    "a donated tensor that moves",
    () => {
      const w = ones([2]);
      compile((x: Tensor) => x.mul(2), { donate: [0] })(w);
      return w.to(js());
    },
    /to: a float32\[2\] tensor was donated to .* and can not be used again; use what that call returned/,
  ],
  [
    "a compiled function that closed over a value of an earlier trace",
    () => {
      let factor = ones([]);
      const scaled = compile((x: Tensor) => x.mul(factor));
      const once = grad((k: Tensor) => scaled((factor = k)));
      once(ones([]));
      return once(ones([]));
    },
    /closed over a value of a trace that has ended \(grad\), frozen at its first call; pass the value as an argument/,
  ],
  [
    "an integer that does not fit",
    () => tensor(new Int32Array([1])).less(3e9),
    /3000000000 does not fit int32, the dtype it takes beside such a tensor; cast the tensor to float64/,
  ],
  [
    "a negative number beside uint32",
    () => tensor(new Uint32Array([1])).greater(-1),
    /-1 does not fit uint32, .*; cast the tensor/,
  ],
  [
    "a promise from a compiled function",
    () => compile((x: Tensor) => Promise.resolve(x))(ones([])),
    /returned a promise/,
  ],
  [
    "a typed array given to a compiled function",
    () => compile((x: unknown) => x as Tensor)(new Float32Array(2)),
    /argument 0 is a Float32Array; .*give tensor\(values\) instead/,
  ],
  [
    "a carry that changes shape",
    () => scan((c: Tensor) => [c.stack(c), c], ones([2]), undefined, { length: 2 }),
    /scan: the body turned a carry of shape \[2\] into \[2, 2\]; a carry keeps its shape/,
  ],
  [
    "a carry that changes dtype",
    () => fori(2, (_i, c: Tensor) => c.cast("float64"), ones([2])),
    /fori: the body turned a float32 carry into float64; a carry keeps its dtype: cast the result/,
  ],
  [
    "a carry that a scalar of another dtype replaces",
    () => fori(2, () => tensor(0.1, { dtype: "float64" }), ones([])),
    /fori: the body turned a float32 carry into float64; a carry keeps its dtype: cast the result/,
  ],
  [
    "a carry that changes structure",
    () => fori(2, (_i, c: Tensor[]) => [...c, c[0]!], [ones([2])]),
    /fori: a tree of structure \[\*, \*\] where \[\*\] is expected/,
  ],
  [
    "a step that returns no pair",
    () => scan(((c: Tensor) => c) as never, ones([2]), undefined, { length: 2 }),
    /scan: step returned no pair; return \[carry, y\]/,
  ],
  [
    "rows of different numbers",
    () => scan((c: Tensor, _x: unknown) => [c, c], ones([]), [ones([2]), ones([3])]),
    /first axes of xs have lengths 2, 3; make them equal/,
  ],
  [
    "a length that is no count",
    () => scan((c: Tensor) => [c, c], ones([]), undefined, { length: 1.5 }),
    /scan: length is 1.5; give a non-negative integer/,
  ],
  ["no rows and no length", () => scan((c: Tensor) => [c, c], ones([])), /neither xs nor length was given/],
  [
    "a loop without a bound",
    () =>
      whileLoop(
        (c: Tensor) => c.less(2),
        (c: Tensor) => c,
        zeros([]),
        {} as never,
      ),
    /maxSteps is undefined; give the most steps/,
  ],
  [
    "a condition of many",
    () =>
      whileLoop(
        (c: Tensor) => c.less(2),
        (c: Tensor) => c,
        zeros([3]),
        { maxSteps: 2 },
      ),
    /the predicate is bool\[3\]; give one bool, as in x.less\(y\).all\(\)/,
  ],
  [
    "a condition that is a number",
    () =>
      cond(
        ones([]) as never,
        (x: Tensor) => x,
        (x: Tensor) => x,
        ones([]),
      ),
    /the predicate is float32\[\]; give one bool/,
  ],
  [
    "branches of different shapes",
    () =>
      cond(
        tensor(true),
        (x: Tensor) => x,
        (x: Tensor) => x.sum(),
        ones([2]),
      ),
    /cond: branches give \(float32\[2\]\) and \(float32\[\]\); both must give the same shapes and dtypes/,
  ],
  [
    "branches of different structure",
    () =>
      cond(
        tensor(true),
        (x: Tensor): Tensor | Tensor[] => x,
        (x: Tensor): Tensor | Tensor[] => [x],
        ones([2]),
      ),
    /cond: a tree of structure \[\*\] where \* is expected/,
  ],
  ["shapes that do not broadcast", () => ones([2]).add(ones([3])), /add: .*\[2\].*\[3\]/],
  [
    "a gradient of a vector",
    () => grad((x: Tensor) => x)(ones([2])),
    /a gradient is that of a scalar; reduce it, as in y.sum\(\)/,
  ],
];

test.each(cases)("%s gets an error that says what to do", (_name, run, text) => {
  const message = messageOf(run);
  expect(message).toMatch(text);
  expect(message).toMatch(grammar);
});
