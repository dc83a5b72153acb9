import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "../io";
import { run } from "../main";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "dzdt-experiments-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A spring at the given times, as CSV. */
const springCsv = (times: readonly number[]): string =>
  `t,q,p\n${times.map((t) => `${t},${Math.cos(2 * t)},${-Math.sin(2 * t)}`).join("\n")}\n`;
const regular = springCsv(Array.from({ length: 100 }, (_, i) => i / 10));
const irregular = springCsv(Array.from({ length: 100 }, (_, i) => i / 10 + 0.04 * Math.sin(i)));

async function dzdt(command: string, io: Partial<Io> = {}) {
  let out = "";
  let err = "";
  const code = await run(command.split(" "), {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    cwd,
    now: () => new Date(2026, 0, 2, 3, 4, 5),
    onInterrupt: () => () => undefined,
    exit: () => undefined,
    ...io,
  });
  return { code, out, err };
}

const write = (text: string) => writeFile(join(cwd, "a.csv"), text);
const train = "train hnn --data a.csv --columns q,p --time t";
const folder = "runs/hnn-20260102-030405";

describe("the demonstration", () => {
  test.each(["pendulum", "spring"])(
    "on a simulated %s prints its table and leaves a report and a usable model",
    async (system) => {
      const { code, out } = await dzdt(`demo --system ${system} --steps 3 --width 4`);
      expect(code).toBe(0);
      expect(out).toContain("energy error over 20 time units, mean over 15 starts");
      expect(out).toContain("[3] The published recipe repeated in PyTorch");
      const run = `runs/${system}-20260102-030405`;
      expect((await readdir(join(cwd, run))).sort()).toEqual(["report.html", "run.json", "weights.safetensors"]);
      const { out: csv } = await dzdt(`forecast ${run} --from 1,0 --until 1 --points 2`);
      expect(csv).toMatch(/^t,q,p\n0,1,0\n1,-?\d\.\d+,-?\d/);
    },
  );

  test("on a measured pendulum compares three ways to train", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i / 6},${Math.cos(i / 6)},${-Math.sin(i / 6)}`);
    await write(`t,o,v\n${rows.join("\n")}\n`);
    const { code, out } = await dzdt("demo --data a.csv --steps 2 --width 4");
    expect(code).toBe(0);
    expect(out).toContain("forward differences");
    expect(out).toContain("through the solver, HNN + damping");
    const page = await readFile(join(cwd, "runs/pendulum-20260102-030405/report.html"), "utf8");
    expect(page).toContain("The friction that is not there");
    await write("t,o,v,w\n0,1,1,1\n1,2,2,2\n2,3,3,3\n");
    expect((await dzdt("demo --data a.csv --columns o,v,w")).err).toBe(
      "dzdt demo: a.csv: the pendulum has two state columns, an angle and its velocity, not 3 (o, v, w); name two with --columns\n",
    );
  });
});

describe("an HNN on somebody's file", () => {
  test("at equal gaps is trained through the solver, and forecasts in the file's units", async () => {
    await write(regular);
    const { code, out } = await dzdt(`${train} --steps 150 --width 16 --lr 0.01`);
    expect(code).toBe(0);
    expect(out).toContain("1 row");
    const page = await readFile(join(cwd, folder, "report.html"), "utf8");
    expect(page).toContain("Most gaps are equal: trained through the solver, on 74 windows of 7 rows.");
    const forecast = JSON.parse((await dzdt(`forecast ${folder} --from 1,0 --until 3 --points 31 --json`)).out) as {
      q: number[];
    };
    forecast.q.forEach((q, i) => expect(q).toBeCloseTo(Math.cos(i / 5), 0));
    expect((await dzdt(`evaluate ${folder} --data a.csv`)).out).toContain("50 rows");
    expect((await dzdt(`info ${folder}`)).out).toMatch(/state +q, p\n/);
  });

  test("at irregular gaps is trained on differences, and says so", async () => {
    await write(irregular);
    expect((await dzdt(`${train} --steps 3 --width 4 --damping`)).code).toBe(0);
    const page = await readFile(join(cwd, folder, "report.html"), "utf8");
    expect(page).toContain("trained on slopes of parabolas through three neighbouring rows");
    expect(page).toContain("it found D = ");
  });

  test("that was stopped by Ctrl-C goes on from its checkpoint to the same weights", async () => {
    await write(regular);
    const options = `${train} --steps 400 --width 8`;
    let press = (): void => undefined;
    let looks = 0;
    const { code, err, out } = await dzdt(options, {
      onInterrupt: (callback) => {
        press = callback;
        return () => undefined;
      },
      // the clock is read when the run and when its training start, and then after some steps
      now: () => {
        if (++looks === 3) press();
        return new Date(2026, 0, 2, 3, 4, 5);
      },
    });
    expect(code).toBe(130);
    expect(err).toContain("stopping after this step and saving the run; press Ctrl-C again to leave at once");
    expect(out).toContain(`go on   the same command with --resume ${folder}`);
    expect((await readdir(join(cwd, folder))).sort()).toEqual([
      "checkpoint-hnn.safetensors",
      "report.html",
      "run.json",
      "weights.safetensors",
    ]);
    const weights = (name: string) => readFile(join(cwd, name, "weights.safetensors"));
    expect((await dzdt(`${options} --resume ${folder}`)).code).toBe(0);
    expect((await dzdt(options)).code).toBe(0);
    expect(await weights(`${folder}-2`)).toEqual(await weights(`${folder}-3`));
    expect(await weights(folder)).not.toEqual(await weights(`${folder}-3`));
    expect((await dzdt(`${options.replace("width 8", "width 4")} --resume ${folder}`)).err).toContain(
      "the checkpoint is of another run",
    );
    expect((await dzdt(`${options} --resume ${folder}-3`)).err).toBe(
      `dzdt train: ${folder}-3: has no checkpoint to go on from; give the folder of a run that was stopped\n`,
    );
  });

  const bad: [what: string, csv: string, message: string][] = [
    ["an empty file", "", "a.csv: is empty; give a CSV file with a header and rows of numbers"],
    ["a wrong column", "t,q,v\n0,1,2\n", 'a.csv: has no column "p"; it has t, q, v'],
    [
      "a NaN",
      "t,q,p\n0,1,2\n1,NaN,2\n2,1,2\n",
      'a.csv: row 3, column "q" holds "NaN", which is not a finite number; fill in a number or remove the row',
    ],
    [
      "a repeated time",
      "t,q,p\n0,1,2\n1,1,2\n1,1,2\n",
      "a.csv: time t repeats: 1 in row 3, 1 in row 4; sort the rows by time, or name the column that tells trials apart",
    ],
    ["too few rows", "t,q,p\n0,1,2\n1,1,2\n2,1,2\n", "a.csv: has 3 rows; training needs 20 or more"],
  ];
  test.each(bad)("with %s gets one line that says where, what and what to do", async (_what, csv, message) => {
    await write(csv);
    expect(await dzdt(train)).toEqual({ code: 1, out: "", err: `dzdt train: ${message}\n` });
    expect(await readdir(cwd)).not.toContain("runs/");
  });

  test("with an odd number of columns is told what a Hamiltonian state is", async () => {
    await write(regular);
    expect((await dzdt(train.replace("q,p", "q"))).err).toBe(
      "dzdt train: a.csv: an HNN has as many momenta as coordinates, and --columns names 1 (q); name the coordinates, then a momentum or velocity for each, such as q,p\n",
    );
  });

  test("of which the record was damaged is refused", async () => {
    await write(regular);
    await dzdt(`${train} --steps 1 --width 4`);
    const file = join(cwd, folder, "run.json");
    const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...record, config: {} }));
    expect((await dzdt(`forecast ${folder} --from 1,0 --until 1`)).err).toBe(
      `dzdt forecast: ${folder}/run.json: field "config" describes no HNN ({}); the file was changed by hand, train again\n`,
    );
  });
});

test("info lists the targets of this machine", async () => {
  const { out } = await dzdt("info");
  expect(out).toMatch(/target js +available\ntarget wasm +available, the default\ntarget webgpu +(available|absent), /);
});
