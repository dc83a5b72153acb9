import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { allocate, type DType, dtypes, type TypedArray } from "../dtype";
import { defaultTarget } from "../targets/default";
import { Tensor } from "../tensor";
import { readNpy, readNpz, readSafetensors, writeNpy, writeNpz, writeSafetensors } from ".";
import { toTensor } from "./to-tensor";

const make = (values: TypedArray, dtype: DType, shape: readonly number[]): Tensor =>
  toTensor(values, dtype, shape, { target: defaultTarget() });

const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...dtypes),
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    fc.infiniteStream(fc.double()),
  )
  .map(([dtype, shape, stream]) => {
    const values = allocate(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    );
    for (let i = 0; i < values.length; i++) {
      const x = stream.next().value as number;
      values[i] = dtype === "bool" ? Number(x > 0) : x;
    }
    return make(values, dtype, shape);
  });
const named = fc.dictionary(
  fc.string({ maxLength: 8 }).filter((name) => name !== "__metadata__"),
  tensors,
  { maxKeys: 4 },
);

const plain = (x: Tensor): unknown => ({ dtype: x.dtype, shape: [...x.shape], values: x.dataSync() });
const plainAll = (xs: Record<string, Tensor>): unknown =>
  Object.entries(xs)
    .map(([name, x]) => [name, plain(x)])
    .sort();

describe("round trips", () => {
  test("npy", () =>
    fc.assert(
      fc.asyncProperty(tensors, async (x) => {
        expect(plain(readNpy(await writeNpy(x)))).toEqual(plain(x));
      }),
    ));
  test("npz, stored and deflated", () =>
    fc.assert(
      fc.asyncProperty(named, fc.boolean(), async (xs, compress) => {
        expect(plainAll(readNpz(await writeNpz(xs, { compress })))).toEqual(plainAll(xs));
      }),
    ));
  test("safetensors, with metadata", () =>
    fc.assert(
      fc.asyncProperty(named, fc.dictionary(fc.string(), fc.string()), async (xs, metadata) => {
        let seen: unknown;
        const read = readSafetensors(await writeSafetensors(xs, { metadata }), { onMetadata: (m) => (seen = m) });
        expect(plainAll(read)).toEqual(plainAll(xs));
        expect(Object.entries(seen as object).sort()).toEqual(Object.entries(metadata).sort());
      }),
    ));
});

/** An .npy file from its parts. */
function npy(
  description: string,
  shape: string,
  body: Uint8Array,
  { version = 1, fortran = "False" } = {},
): Uint8Array {
  const header = new TextEncoder().encode(
    `{'descr': '${description}', 'fortran_order': ${fortran}, 'shape': (${shape}), }\n`,
  );
  const length = version === 1 ? [header.length, 0] : [header.length, 0, 0, 0];
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...header, ...body]);
}

describe("npy", () => {
  test("the header is as numpy.save writes it", async () => {
    const bytes = await writeNpy(make(Float32Array.of(1, 2), "float32", [2]));
    expect(bytes.length % 64).toBe(8);
    expect(new TextDecoder("latin1").decode(bytes.subarray(10, 70))).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   ",
    );
  });

  test("other byte orders, versions, orders and widths are read", () => {
    expect(readNpy(npy(">f4", "1,", Uint8Array.of(0x3f, 0xc0, 0, 0), { version: 2 })).dataSync()).toEqual(
      Float32Array.of(1.5),
    );
    expect(readNpy(npy("<f2", "2,", Uint8Array.of(0, 0x3c, 1, 0), { version: 3 })).dataSync()).toEqual(
      Float32Array.of(1, 2 ** -24),
    );
    expect(readNpy(npy("|i1", "2, 3", Uint8Array.of(0, 1, 2, 3, 4, 255), { fortran: "True" })).arraySync()).toEqual([
      [0, 2, 4],
      [1, 3, -1],
    ]);
    expect(readNpy(npy("<i8", "1,", Uint8Array.of(254, 255, 255, 255, 255, 255, 255, 255))).dataSync()).toEqual(
      Int32Array.of(-2),
    );
  });

  test.each([
    [
      "a 64-bit integer that does not fit",
      npy("<i8", "1,", Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0)),
      "4294967296, does not fit int32",
    ],
    ["complex numbers", npy("<c8", "1,", new Uint8Array(8)), '"<c8"'],
    ["too few bytes", npy("<f4", "3,", new Uint8Array(8)), "8 bytes of elements where shape (3) of <f4 has 12"],
    ["too many bytes", npy("<f4", "1,", new Uint8Array(8)), "8 bytes of elements"],
    ["another file", Uint8Array.from({ length: 20 }, (_, i) => i), "not an .npy file"],
    ["an unknown version", npy("<f4", "1,", new Uint8Array(4), { version: 9 }), "version 9"],
    ["a cut header", npy("<f4", "1,", new Uint8Array(4)).subarray(0, 30), "ends within its header"],
  ])("refuses %s", (_what, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(message);
    expect(() => readNpy(bytes)).toThrow(/^readNpy: /);
  });

  const folder = "../shared/data";
  test.skipIf(!existsSync(folder))(`the files in ${folder} are read (needs shared/data)`, () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".npy"));
    for (const file of files) {
      const x = readNpy(readFileSync(`${folder}/${file}`));
      expect(x.size, file).toBeGreaterThan(0);
    }
  });
});

describe("npz", () => {
  test.each([
    ["what is no archive", Uint8Array.of(1, 2, 3), "not a readable zip"],
    ["other files", zipSync({ "a.txt": Uint8Array.of(1) }), '"a.txt" is not an .npy file'],
    ["broken members", zipSync({ "a.npy": Uint8Array.of(1) }), "a.npy: readNpy: the bytes are not an .npy file"],
  ])("refuses %s", (_what, bytes, message) => expect(() => readNpz(bytes)).toThrow(message));
});

describe("safetensors", () => {
  const file = (header: unknown, body = 0): Uint8Array => {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const bytes = new Uint8Array(8 + text.length + body);
    bytes[0] = text.length & 255;
    bytes[1] = text.length >> 8;
    bytes.set(text, 8);
    return bytes;
  };
  const entry = (begin: number, end: number, shape: unknown = [1], dtype: unknown = "F32"): unknown => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });

  test.each([
    ["a short file", Uint8Array.of(1), "too few"],
    ["an absurd header length", new Uint8Array(8).fill(255), "longer than the format allows"],
    ["a cut header", file({}).subarray(0, 9), "ends within its header"],
    ["a header that is not JSON", file("{x"), "not JSON"],
    ["a header that is not an object", file("[]"), "not a JSON object"],
    ["an unknown dtype", file({ a: entry(0, 4, [1], "F8") }, 4), 'dtype "F8"'],
    ["an inherited name as dtype", file({ a: entry(0, 4, [1], "toString") }, 4), 'dtype "toString"'],
    ["a bad shape", file({ a: entry(0, 4, [-1]) }, 4), "shape [-1]"],
    ["a length that differs", file({ a: entry(0, 8) }, 8), "hold 8 bytes where F32 [1] has 4"],
    ["an overlap", file({ a: entry(0, 4), b: entry(2, 6) }, 6), 'tensor "b" starts at 2 where'],
    ["a hole", file({ a: entry(0, 4), b: entry(8, 12) }, 12), "leave holes"],
    ["bytes left over", file({ a: entry(0, 4) }, 5), "take 4 bytes where the file has 5"],
    ["a cut body", file({ a: entry(0, 4) }, 3), "take 4 bytes where the file has 3"],
    ["metadata of other kinds", file({ __metadata__: { a: 1 } }), "__metadata__"],
  ])("refuses %s", (_what, bytes, message) => expect(() => readSafetensors(bytes)).toThrow(message));

  test("bfloat16 is widened and elements are aligned", async () => {
    const bytes = file({ a: entry(0, 2, [1], "BF16") }, 2);
    bytes.set([0xc0, 0x3f], bytes.length - 2);
    expect(readSafetensors(bytes)["a"]!.dataSync()).toEqual(Float32Array.of(1.5));
    const written = await writeSafetensors({
      a: make(Uint8Array.of(1), "bool", [1]),
      b: make(Float64Array.of(2), "float64", []),
    });
    expect(new DataView(written.buffer).getFloat64(written.length - 9, true)).toBe(2);
    expect((written.length - 9) % 8).toBe(0);
  });
});
