import { io, tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { load, save } from "./index";

test("a nested tree comes back as it was, with metadata, dtypes and empty parts", async () => {
  const params = {
    layers: [
      { weight: tensor([[1, 2]]), bias: tensor([3], { dtype: "float64" }) },
      { weight: tensor([[4]], { dtype: "int32" }) },
    ],
    empty: [],
    none: {},
    scalar: 5,
  };
  let metadata: io.Metadata = {};
  const back = await load<{ layers: { weight: Tensor; bias?: Tensor }[]; scalar: Tensor }>(
    await save(params, { metadata: { model: "hnn" } }),
    { onMetadata: (m) => (metadata = m) },
  );
  expect(metadata).toEqual({ model: "hnn" });
  expect(Object.keys(back).sort()).toEqual(["empty", "layers", "none", "scalar"]);
  expect(back.layers[0]!.bias!.dtype).toBe("float64");
  expect(back.layers[1]!.weight.dtype).toBe("int32");
  expect([back.layers[0]!.weight.arraySync(), back.scalar.itemSync()]).toEqual([[[1, 2]], 5]);
});
test("names are paths; a lone tensor comes back alone", async () => {
  const bytes = await save({ a: [tensor(1), { b: tensor(2) }] });
  expect(Object.keys(io.readSafetensors(bytes)).sort()).toEqual(["a[0]", "a[1].b"]);
  expect((await load<Tensor>(await save(tensor([7])))).arraySync()).toEqual([7]);
});
test("a file of another program becomes a tree by its names", async () => {
  const bytes = await io.writeSafetensors({
    "net.0.weight": tensor([1]),
    "net.1.weight": tensor([2]),
    other: tensor([3]),
  });
  const back = await load<{ net: { weight: Tensor }[]; other: Tensor }>(bytes);
  expect(back.net.map((l) => l.weight.itemSync())).toEqual([1, 2]);
});
test("names that would clash are refused", async () => {
  await expect(save({ "a.b": tensor(1), a: { b: tensor(2) } })).rejects.toThrow(
    'save: two tensors would be named "a.b"; use keys without dots and brackets',
  );
});
