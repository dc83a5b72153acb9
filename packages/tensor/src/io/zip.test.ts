import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError } from "./errors";
import { inflate } from "./inflate";
import { readZip, writeZip } from "./zip";

const patterns: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 }), fc.uint8Array())
  .map(([unit, times, rest]) =>
    Uint8Array.from([...Array.from({ length: times }, (_, i) => unit[i % unit.length]!), ...rest]),
  );
const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), patterns);

describe("inflate", () => {
  test("undoes deflating at every level, in stored, fixed and own codes", () =>
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 2, 4), (data, level, strategy) => {
        expect(inflate(deflateRawSync(data, { level, strategy }), data.length)).toEqual(data);
      }),
    ));

  test("undoes deflating megabytes, which take many blocks", () => {
    const data = Uint8Array.from({ length: 3e6 }, (_, i) => (i * i) >> (i % 13));
    expect(Buffer.compare(inflate(deflateRawSync(data), data.length), data)).toBe(0);
  });

  test("refuses damaged data with a format error, or gives as many bytes as were asked for", () =>
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat({ max: 255 }), (data, at, value) => {
        const packed = Uint8Array.from(deflateRawSync(data));
        packed[at % packed.length] = value;
        try {
          expect(inflate(packed, data.length).length).toBe(data.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    ));

  test("refuses data that end early, and that hold more or less than was said", () => {
    const data = new Uint8Array(1000).map((_, i) => i % 7);
    const packed = deflateRawSync(data);
    expect(() => inflate(packed.subarray(0, -2), 1000)).toThrow("end too early");
    expect(() => inflate(packed, 999)).toThrow("more than the 999 bytes");
    expect(() => inflate(packed, 1001)).toThrow("1000 bytes where 1001");
    expect(() => inflate(Uint8Array.of(7), 0)).toThrow("no known kind");
  });
});

const archives = fc.dictionary(
  fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
  bytes,
  { maxKeys: 4 },
);

describe("zip archives", () => {
  test("are read as another library writes them", () =>
    fc.assert(
      fc.property(archives, fc.constantFrom<0 | 6>(0, 6), (files, level) => {
        expect(Object.fromEntries(readZip(zipSync(files, { level })))).toEqual(files);
      }),
    ));

  test("are written so that another library reads them", () =>
    fc.assert(
      fc.asyncProperty(archives, fc.boolean(), async (files, compress) => {
        expect({ ...unzipSync(await writeZip(Object.entries(files), { compress })) }).toEqual(files);
      }),
    ));

  test("are refused where they are damaged", async () => {
    const file = Uint8Array.of(1, 2, 3, 4);
    const whole = await writeZip([["a", file]], { compress: false });
    const changed = (at: number, value: number): Uint8Array => whole.map((byte, i) => (i === at ? value : byte));
    expect(readZip(whole).get("a")).toEqual(file);
    expect(() => readZip(changed(31, 9))).toThrow("another checksum");
    expect(() => readZip(changed(0, 9))).toThrow('"a" is not where');
    expect(() => readZip(whole.subarray(0, -1))).toThrow("no directory");
    expect(() => readZip(whole.subarray(10))).toThrow(FormatError);
    expect(() => readZip(changed(35 + 10, 12))).toThrow("packed by method 12");
  });

  test("as Python writes them to streams, with room for sizes of 64 bits, are read", () => {
    const archive =
      "UEsDBC0AAAAIAAAAIVwLRbkr//////////8FABQAYS5ucHkBABAAuAsAAAAAAAAXAAAAAAAAAO3CQREAAAwCoKxq/w6rsQcc6aKqqv5+UEsBAi0DLQAAAAgAAAAhXAtFuSsXAAAAuAsAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsFBgAAAAABAAEAMwAAAE4AAAAAAA==";
    const bytes = Uint8Array.from(atob(archive), (letter) => letter.charCodeAt(0));
    expect(readZip(bytes).get("a.npy")).toEqual(Uint8Array.from({ length: 3000 }, (_, i) => 97 + (i % 3)));
  });

  test("with sizes that stand in extra fields are read", async () => {
    const file = Uint8Array.of(1, 2, 3, 4);
    const whole = await writeZip([["a", file]], { compress: false });
    // The entry's sizes move behind its name, which makes the directory longer.
    const [entry, extra] = [30 + 1 + 4, Uint8Array.of(1, 0, 16, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0)];
    const name = entry + 46;
    const wide = Uint8Array.from([...whole.subarray(0, name + 1), ...extra, ...whole.subarray(name + 1)]);
    wide.fill(255, entry + 20, entry + 28);
    wide[entry + 30] = extra.length;
    expect(readZip(wide).get("a")).toEqual(file);
  });
});
