import { type DType, isFloat, js, type Primitive, type Target, type Tensor } from "@dzdt/tensor";
import { type Case, casesOf, fromNumbers, inputsOf, nameOf, primitives } from "@dzdt/tensor/testing";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import { asPair, copied, gpu, gpuWithDoubles, inSingle, runCase } from "./webgpu-target";

const every = Object.values(primitives) as unknown as Primitive[];
const dtypes = ["float32", "float64", "int32", "uint32", "bool"] as const;

/** The largest error of each dtype of results. */
type Errors = Partial<Record<DType, number>>;

const doubled = (x: Tensor): Tensor =>
  x.dtype === "float32" ? fromNumbers(Array.from(x.dataSync()), "float64", x.shape, js()) : x;

/** The case in double precision; undefined for what is another thing there, such as bits. */
function inDouble(c: Case): Case | undefined {
  if (["unitFloat", "bitcast"].includes(c.op.name)) return undefined;
  const { dtype } = c.attributes;
  return dtype === "float32" ? { ...c, attributes: { ...c.attributes, dtype: "float64" } } : c;
}

/** A case, its arguments, and what it is and takes in double precision. */
interface Trial {
  readonly c: Case;
  readonly ins: readonly Tensor[];
  readonly reference: Case;
  readonly exactly: readonly Tensor[];
}

/** The cases of a primitive in single precision, each once. */
function singleTrials(op: Primitive): Trial[] {
  const seen = new Set<string>();
  return casesOf(op).flatMap((given) => {
    const c = inSingle(given);
    const key = nameOf(c).replaceAll("float64", "float32");
    const reference = inDouble(c);
    if (!reference || seen.has(key)) return [];
    seen.add(key);
    const ins = inputsOf(given, 1, js()).map((x) => copied(x, js()));
    return [{ c, ins, reference, exactly: ins.map(doubled) }];
  });
}

/** Those in double precision, of numbers that pairs of singles hold. */
function doubleTrials(op: Primitive): Trial[] {
  return casesOf(op).flatMap((c) => {
    if (!inDouble(c) || ![c.attributes["dtype"], ...c.ins.map((x) => x.dtype)].includes("float64")) return [];
    const ins = inputsOf(c, 1, js()).map((x) =>
      x.dtype === "float64" ? fromNumbers(Array.from(x.dataSync(), asPair), "float64", x.shape, js()) : x,
    );
    return [{ c, ins, reference: c, exactly: ins }];
  });
}

/** Errors of a primitive on the samples of its domain against double precision, of the same numbers. Floats: by the largest of the result. */
async function errorsOf(op: Primitive): Promise<Errors> {
  const [single, double] = [await gpu(), await gpuWithDoubles()];
  const errors: Errors = {};
  await Promise.all([
    ...singleTrials(op).flatMap((trial) => run(trial, single)),
    ...doubleTrials(op).flatMap((trial) => run(trial, double)),
  ]);
  return errors;

  function run({ c, ins, reference, exactly }: Trial, target: Target): Promise<void>[] {
    const exact = runCase(reference, exactly);
    const found = runCase(
      c,
      ins.map((x) => fromNumbers(Array.from(x.dataSync()), x.dtype, x.shape, target)),
    );
    return found.map((out, k) => compare(out, exact[k]!));
  }

  async function compare(out: Tensor, want64: Tensor): Promise<void> {
    const want = Array.from(want64.dataSync());
    const got = await out.data();
    const counted = want.map((x) => Math.abs(x) < 2 ** 127 && (Math.abs(x) > 2 ** -126 || x === 0));
    const size = isFloat(out.dtype)
      ? want.reduce((most, x, i) => (counted[i] ? Math.max(most, Math.abs(x)) : most), 0)
      : 1;
    const worst = want.reduce((most, x, i) => (counted[i] ? Math.max(most, Math.abs(x - got[i]!)) : most), 0);
    errors[out.dtype] = Math.max(errors[out.dtype] ?? 0, worst === 0 ? 0 : worst / size);
  }
}

const shown = (error: number | undefined): string =>
  error === undefined
    ? ""
    : error === 0
      ? "0"
      : error.toExponential(1).replace("e-", "·10⁻").replace(/\d+$/, superscript);
const superscript = (digits: string): string => digits.replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]!);

/** A table in Markdown; what is exact in all dtypes is named in one line. */
function table(all: ReadonlyMap<string, Errors>, adapter: string): string {
  const exact = [...all].filter(([, errors]) => Object.values(errors).every((error) => error === 0));
  const others = [...all].filter(([, errors]) => Object.values(errors).some((error) => error !== 0));
  const columns = dtypes.filter((dtype) => others.some(([, errors]) => errors[dtype] !== undefined));
  return [
    `On ${adapter}. Exact: ${exact.map(([name]) => name).join(", ")}.`,
    "",
    `| | ${columns.join(" | ")} |`,
    `| --- |${" --- |".repeat(columns.length)}`,
    ...others.map(([name, errors]) => `| ${name} | ${columns.map((dtype) => shown(errors[dtype])).join(" | ")} |`),
  ].join("\n");
}

/** float64 has 48 bits; what is not a float is exact. */
const bounds: Readonly<Record<DType, number>> = {
  float32: 2e-5,
  float64: 2 ** -41,
  int32: 1e-9,
  uint32: 1e-9,
  bool: 1e-9,
};

test("every primitive is near double precision, as docs/webgpu.md shows (UPDATE_PARITY=1 writes its table)", async () => {
  const all = new Map<string, Errors>();
  for (const op of every) {
    const errors = await errorsOf(op);
    if (Object.keys(errors).length > 0) all.set(op.name, errors);
  }
  for (const [name, errors] of all)
    for (const [dtype, error] of Object.entries(errors))
      expect(error, `${name} of ${dtype}`).toBeLessThan(bounds[dtype as DType]);
  const path = new URL("../docs/webgpu.md", import.meta.url);
  const [before, , after] = splitAt(readFileSync(path, "utf8"));
  const { vendor, architecture, description } = (await gpu()).device.adapterInfo;
  if (process.env["UPDATE_PARITY"])
    writeFileSync(
      path,
      `${before}\n${table(all, [vendor, architecture, description].filter(Boolean).join(", "))}\n\n${after}`,
    );
  const documented = splitAt(readFileSync(path, "utf8"))[1];
  for (const name of all.keys()) expect(documented).toMatch(new RegExp(`\\b${name}\\b`));
}, 120_000);

const marks = ["<!-- parity -->\n", "<!-- end of parity -->"] as const;

/** The page before the table, the table, and what comes after. */
function splitAt(page: string): [string, string, string] {
  const [from, to] = [page.indexOf(marks[0]) + marks[0].length, page.indexOf(marks[1])];
  return [page.slice(0, from), page.slice(from, to), page.slice(to)];
}
