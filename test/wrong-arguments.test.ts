import { customVjp, grad, jvp } from "@dzdt/autograd";
import {
  compile,
  concat,
  einsum,
  full,
  io,
  js,
  linalg,
  ones,
  random,
  scan,
  Tensor,
  tensor,
  wasm,
  withTarget,
  zeros,
} from "@dzdt/tensor";
import { expect, test } from "vitest";

/** where: what was wrong; what to do. */
const grammar = /^[a-zA-Z0-9.]+: [^\n]+; [^\n]+$/;

/** What types refuse, but JavaScript lets through. */
const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["null as an operand", () => ones([2]).add(null as never), /^add: an operand is null; give a tensor or a number/],
  ["no operand", () => ones([2]).div(undefined as never), /^div: an operand is undefined; give a tensor or a number/],
  ["a name as axis", () => ones([2]).sum("0" as never), /^sum: axes is a string; give an array of integers/],
  ["a number as shape", () => ones([4]).reshape(4 as never), /^reshape: 4 is not a shape; give an array/],
  [
    "axes one by one",
    () => ones([2, 3]).transpose(1 as never),
    /^transpose: axes is a number; give an array of integers/,
  ],
  ["no ends of a slice", () => ones([4]).slice([1], undefined as never), /^slice: ends is undefined; give an array/],
  ["widths that are missing", () => ones([4]).pad(undefined as never), /^pad: widths undefined for shape \[4\]; give/],
  ["tensors one by one", () => concat(ones([2]) as never), /^concat: an object in place of a list; give an array/],
  ["a tensor that is missing", () => ones([2]).stack(null as never), /^stack: an operand is null; give a tensor/],
  [
    "a tensor before the equation",
    () => einsum(ones([2]) as never, "i->" as never),
    /^einsum: an object in place of an equation;/,
  ],
  ["indices that are null", () => ones([4]).take(null as never), /^tensor: an element is null; give numbers/],
  ["no numbers", () => tensor(null as never), /^tensor: an element is null; give numbers or booleans/],
  ["a length as shape", () => zeros(3 as never), /^zeros: 3 is not a shape; give an array of non-negative integers/],
  [
    "a dtype in place of options",
    () => zeros([2], "int32" as never),
    /^zeros: options are int32; give an object with any of/,
  ],
  [
    "a dtype that there is not",
    () => ones([2], { dtype: "f32" as never }),
    /^ones: "f32" is not a dtype; give one of bool/,
  ],
  [
    "an option misspelt",
    () => tensor([1], { dType: "int32" } as never),
    /^tensor: unknown option dType; did you mean dtype\?/,
  ],
  [
    "a target's maker",
    () => tensor([1], { target: wasm as never }),
    /^tensor: a function in place of a target; give what wasm\(\)/,
  ],
  [
    "a target's name",
    () => withTarget("js" as never, () => ones([2])),
    /^withTarget: a string in place of a target; give/,
  ],
  ["a move to nowhere", () => ones([2]).to(undefined as never), /^to: undefined in place of a target; give/],
  ["no value", () => full([2], undefined as never), /^full: the value is undefined; give a number or a boolean/],
  [
    "no function to compile",
    () => compile(ones([2]) as never),
    /^compile: an object in place of a function; give a function/,
  ],
  [
    "a target in place of options",
    () => compile((x: Tensor) => x, js() as never),
    /^compile: unknown option name; known are target/,
  ],
  [
    "null as options of a sum",
    () => ones([2]).sum(0, null as never),
    /^sum: options are null; give an object with any/,
  ],
  ["null as options of any", () => zeros([0]).any(0, null as never), /^any: options are null; give an object with any/],
  ["null as options of a mean", () => ones([2]).mean(0, null as never), /^mean: options are null; give an object/],
  [
    "an option of NumPy's",
    () => ones([2]).max(0, { keepdims: true } as never),
    /^max: unknown option keepdims; did you mean keepDims\?/,
  ],
  ["an option of another", () => ones([2]).std(0, { ord: 1 } as never), /^std: unknown option ord; known are keepDims/],
  [
    "null as options of a contraction",
    () => ones([2]).contract(ones([2]), null as never),
    /^contract: options are null; give an object with any/,
  ],
  ["null as a target's options", () => wasm(null as never), /^wasm: options are null; give an object with any/],
  ["no options of a loop", () => scan(() => [1, 1], 0, ones([2]), null as never), /^scan: options are null; give/],
  ["no bytes", () => io.readNpy(undefined as never), /^readNpy: undefined in place of bytes; give a Uint8Array/],
  ["no archive", () => io.readNpz([] as never), /^readNpz: an array in place of bytes; give a Uint8Array/],
  [
    "a tensor by its class",
    () => new (Tensor as unknown as new (values: number[]) => Tensor)([1]),
    /^Tensor: its constructor is internal; call tensor\(values\)/,
  ],
  [
    "an argument to donate without a list",
    () => compile((x: Tensor) => x, { donate: 0 as never }),
    /^compile: donate is a number; give an array of integers/,
  ],
  ["no step", () => scan(undefined as never, ones([]), ones([2])), /^scan: undefined in place of a function; give/],
  ["no key", () => random.normal(null as never, [2]), /^random.normal: a key is uint32 \[2\], not null; make one/],
  ["no seed", () => random.key("1" as never), /^random.key: a string in place of an integer; give one from 0/],
  ["no matrix", () => linalg.inv(null as never), /^linalg.inv: an operand is null; give a tensor/],
  [
    "a gradient of no function",
    () => grad(ones([2]) as never)(ones([2])),
    /^grad: an object in place of a function; give/,
  ],
  [
    "arguments by name",
    () => grad((x: Tensor) => x, "x" as never)(ones([])),
    /^grad: argnums is x; give a number, or an array/,
  ],
  [
    "primals without a list",
    () => jvp((x: Tensor) => x, ones([]) as never, ones([]) as never),
    /^jvp: primals and tangents are not both arrays;/,
  ],
  [
    "a rule without parts",
    () => customVjp((x: Tensor) => x, {} as never)(ones([])),
    /^customVjp: forward: undefined in place of a function;/,
  ],
];

test.each(cases)("%s gets an error that names the function and says what to do", (_name, run, text) => {
  expect(run).toThrow(text);
  expect(run).toThrow(grammar);
});
