import { random, tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { conv2d, glorotUniform, linear, mlp, normal, orthogonal } from "./index";

const key = random.key(3);
const about = { dtype: "float64", fanIn: 8, fanOut: 5 } as const;

test("orthogonal gives orthonormal columns or rows, whichever are fewer, for any shape", () => {
  for (const [rows, columns] of [
    [8, 5],
    [5, 8],
    [6, 6],
    [64, 1],
  ] as const) {
    const w = orthogonal({ gain: 2 })(key, [rows, columns], about);
    expect(w.shape).toEqual([rows, columns]);
    const gram = rows < columns ? w.matmul(w.transpose()) : w.transpose().matmul(w);
    const n = Math.min(rows, columns);
    gram.dataSync().forEach((x, i) => expect(x).toBeCloseTo(i % (n + 1) === 0 ? 4 : 0, 10));
  }
});
test("glorotUniform and normal have their scale, and depend on the key alone", () => {
  const g = glorotUniform()(key, [100, 100], { dtype: "float32", fanIn: 100, fanOut: 100 });
  const bound = Math.sqrt(6 / 200);
  expect(g.abs().max().itemSync()).toBeLessThanOrEqual(bound);
  expect(g.std().itemSync()).toBeCloseTo(bound / Math.sqrt(3), 2);
  const n = normal({ std: 0.1 });
  expect(n(key, [100, 100], about).std().itemSync()).toBeCloseTo(0.1, 2);
  expect(n(key, [4], about).dataSync()).toEqual(n(key, [4], about).dataSync());
});
test("a linear layer is x·W + b over any leading axes", () => {
  const layer = linear({ in: 2, out: 1 });
  const params = { weight: tensor([[2], [3]]), bias: tensor([10]) };
  expect(layer.apply(params, tensor([[[1, 1]], [[0, 2]]])).arraySync()).toEqual([[[15]], [[16]]]);
  expect(linear({ in: 2, out: 1, bias: false }).init(key)).not.toHaveProperty("bias");
  expect(() => layer.apply(params, tensor([1, 2, 3]))).toThrow(
    "nn.linear: x is [3] where the layer takes [..., 2]; give 2 features on the last axis",
  );
});
test("an mlp's two forms of sizes agree; its dtype and last bias are options", () => {
  const net = mlp({ sizes: [3, 4, 2], finalBias: false });
  const params = net.init(key, { dtype: "float64" });
  expect(params.layers.map((l) => [l.weight.shape, l.bias?.shape])).toEqual([
    [[3, 4], [4]],
    [[4, 2], undefined],
  ]);
  const x = random.normal(key, [5, 3], { dtype: "float64" });
  const values = (y: Tensor): unknown => y.arraySync();
  expect(values(mlp({ in: 3, hidden: [4], out: 2, finalBias: false }).apply(params, x))).toEqual(
    values(net.apply(params, x)),
  );
  expect(net.apply(params, x).dtype).toBe("float64");
});
test("a conv2d layer is a convolution and a bias for each channel", () => {
  const layer = conv2d({ in: 2, out: 4, kernel: [2, 1], groups: 2, stride: 2, padding: "same" });
  const params = layer.init(key, { dtype: "float64" });
  expect([params.weight.shape, params.bias?.shape]).toEqual([[4, 1, 2, 1], [4]]);
  const x = random.normal(key, [3, 2, 5, 6], { dtype: "float64" });
  const bias = tensor([1, 2, 3, 4], { dtype: "float64" });
  const found = layer.apply({ ...params, bias }, x);
  const plain = x.conv2d(params.weight, { groups: 2, stride: 2, padding: "same" });
  expect(found.shape).toEqual([3, 4, 3, 3]);
  expect(found.dataSync()).toEqual(plain.add(bias.reshape([1, 4, 1, 1])).dataSync());
  expect(layer.apply(params, x).dataSync()).toEqual(plain.dataSync());
  expect(conv2d({ in: 1, out: 1, kernel: 3, bias: false }).init(key)).not.toHaveProperty("bias");
  const wide = conv2d({ in: 16, out: 8, kernel: 5 }).init(key).weight;
  const bound = Math.sqrt(6 / (24 * 25));
  expect(wide.abs().max().itemSync()).toBeLessThanOrEqual(bound);
  expect(wide.std().itemSync()).toBeCloseTo(bound / Math.sqrt(3), 2);
});
test("bad sizes and activations are refused", () => {
  expect(() => mlp({ sizes: [3] })).toThrow(
    "nn.mlp: sizes are [3]; give at least the sizes of the input and the output",
  );
  expect(() => linear({ in: 0, out: 1 })).toThrow("nn.linear: in is 0; give a positive integer");
  expect(() => conv2d({ in: 1, out: 1, kernel: [3, 0] })).toThrow(
    "nn.conv2d: the kernel's width is 0; give a positive integer",
  );
  expect(() => conv2d({ in: 1, out: 1 } as never)).toThrow(
    "nn.conv2d: the kernel's height is undefined; give a positive integer",
  );
  expect(() => conv2d({ in: 2, out: 3, kernel: 1, groups: 2 })).toThrow(
    "nn.conv2d: 2 groups for 2 channels in and 3 out; give a number that divides both",
  );
  expect(() => conv2d({ in: 2, out: 3, kernal: 1 } as never)).toThrow(
    "nn.conv2d: unknown option kernal; did you mean kernel?",
  );
  expect(() => linear({ in: 1, outs: 1 } as never)).toThrow("nn.linear: unknown option outs; did you mean out?");
  expect(() => mlp({ size: [1, 1] } as never)).toThrow("nn.mlp: unknown option size; did you mean sizes?");
  expect(() => mlp({ sizes: [1, 1], activation: "swoosh" as never })).toThrow(
    'nn: there is no activation "swoosh"; use one of',
  );
});
