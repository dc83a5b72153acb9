import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Experiment, Experiments, RunResult } from "./experiment";
import type { Io } from "./io";
import { run } from "./main";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "dzdt-cli-"));
  await writeFile(join(cwd, "good.csv"), "trial,t,q,p\n0,0,1,0\n0,1,0.5,-1\n0,2,-0.3,-1\n0,3,-0.9,0\n");
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const result = (columns: readonly string[], stopped = false): RunResult => ({
  report: {
    title: "A run",
    summary: "It ran.",
    tables: [{ columns: [{ label: "" }, { label: "line" }], rows: [["test loss", 0.5]] }],
    figures: [],
  },
  weights: Uint8Array.of(1, 2, 3),
  model: "line",
  config: { width: 4 },
  columns,
  metrics: { testLoss: 0.5 },
  stopped,
});

/** A model that moves on a straight line: state i grows by i + 1 per unit of time. */
const line: Experiment = {
  name: "line",
  describe: "a straight line",
  run: async (options, { progress, signal, checkpoint }) => {
    const steps = options.steps ?? 3;
    progress.start("line", steps);
    for (let step = 1; step <= steps; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) {
        await checkpoint("line").write(Uint8Array.of(step));
        return result(options.data.names, true);
      }
      progress.update(step, 1 / step);
    }
    return result(options.data.names);
  },
  forecast: (_run, { from, times }) =>
    Promise.resolve(
      Float64Array.from({ length: times.length * from.length }, (_, k) => {
        const i = k % from.length;
        return (from[i] ?? NaN) + (i + 1) * (times[Math.floor(k / from.length)] ?? NaN);
      }),
    ),
  evaluate: (_run, data) =>
    Promise.resolve({ columns: [{ label: "" }, { label: "line" }], rows: [["rows", data.rows]] }),
};

const failing = (error: Error): Experiment => ({ ...line, name: "fails", run: () => Promise.reject(error) });
const stub: Experiments = {
  demo: { name: "stub", describe: "a stub", run: ({ data }) => Promise.resolve(result(data?.names ?? ["q", "p"])) },
  models: [line],
};

async function dzdt(command: string, experiments: Experiments = stub, io: Partial<Io> = {}) {
  let out = "";
  let err = "";
  const code = await run(
    command.split(" ").filter((word) => word !== ""),
    {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      env: {},
      cwd,
      now: () => new Date(2026, 0, 2, 3, 4, 5),
      onInterrupt: () => () => undefined,
      exit: () => undefined,
      ...io,
    },
    experiments,
  );
  return { code, out, err };
}

const train = "train line --data good.csv --columns q,p --time t";
const folder = "runs/line-20260102-030405";

describe("arguments that cannot be understood end with code 2 and a suggestion", () => {
  const cases: [command: string, message: string][] = [
    ["demo --stpes 3", "error: unknown option '--stpes'\n(Did you mean --steps?)"],
    ["dmeo", "error: unknown command 'dmeo'\n(Did you mean demo?)"],
    ["demo extra", "error: too many arguments for 'demo'. Expected 0 arguments but got 1"],
    ["demo --steps 1.5", "error: option '--steps <n>' argument '1.5' is invalid. Give an integer of 1 or more."],
    ["demo --seed -1", "error: option '--seed <n>' argument '-1' is invalid. Give an integer of 0 or more."],
    [`${train} --lr 0`, "error: option '--lr <rate>' argument '0' is invalid. Give a positive number."],
    ["train line --columns q --time t", "error: required option '--data <file>' not specified"],
    [
      "forecast x --from 1,a --until 3",
      "error: option '--from <numbers>' argument '1,a' is invalid. Give numbers separated by commas, such as 1.2,0.",
    ],
    ["forecast x --from 1 --until 3 --csv --json", "cannot be used with option"],
  ];
  test.each(cases)("dzdt %s", async (command, message) => {
    const { code, err } = await dzdt(command);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain("see dzdt --help");
  });

  test("--help and --version are not errors", async () => {
    expect(await dzdt("--version")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    const { code, out } = await dzdt("--help");
    expect(code).toBe(0);
    for (const command of ["demo", "train", "forecast", "evaluate", "experiments", "info"])
      expect(out).toContain(`  ${command} `);
  });
});

describe("each error of a user is one line and code 1", () => {
  const cases: [command: string, message: string][] = [
    ["train lnn --data good.csv --columns q --time t", 'dzdt train: there is no experiment "lnn"; choose from line'],
    [
      "train line --data none.csv --columns q --time t",
      "dzdt train: none.csv: does not exist; give a CSV file with a header",
    ],
    ["train line --data . --columns q --time t", "dzdt train: .: is a folder; give a CSV file with a header"],
    [
      "train line --data good.csv --columns q,v --time t",
      'dzdt train: good.csv: has no column "v"; it has trial, t, q, p',
    ],
    ["train line --data good.csv --columns q,p --time t --out good.csv", "dzdt train: cannot make a run folder in "],
    ["demo --data good.csv", 'dzdt demo: good.csv: has no column "o"; it has trial, t, q, p'],
    [
      "forecast none --from 1,2 --until 3",
      "dzdt forecast: none: has no run.json; give the folder of a finished run, such as runs/hnn-20260102-030405",
    ],
    ["evaluate none --data good.csv", "dzdt evaluate: none: has no run.json"],
    ["info none", "dzdt info: none: has no run.json"],
  ];
  test.each(cases)("dzdt %s", async (command, message) => {
    const { code, err, out } = await dzdt(command);
    expect(code).toBe(1);
    expect(err.startsWith(message)).toBe(true);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(out).toBe("");
  });

  test("only the first line of a message is shown, and the stack with DZDT_DEBUG=1", async () => {
    const experiments = { models: [failing(new Error("fit: loss is NaN at step 3; lower --lr\nfirst bad leaf: w"))] };
    const command = train.replace("line", "fails");
    expect(await dzdt(command, experiments)).toMatchObject({
      code: 1,
      err: "dzdt train: fit: loss is NaN at step 3; lower --lr\n",
    });
    const { err } = await dzdt(command, experiments, { env: { DZDT_DEBUG: "1" } });
    expect(err).toContain("main.test.ts");
    expect(await readdir(join(cwd, "runs"))).toEqual([]);
  });

  test("a fault of the program says how to see more", async () => {
    const { err } = await dzdt(train.replace("line", "fails"), { models: [failing(new TypeError("x is undefined"))] });
    expect(err).toBe(
      "dzdt train: internal error: x is undefined; set DZDT_DEBUG=1 to see where, and please report it\n",
    );
  });

  test("a build without experiments says so", async () => {
    expect((await dzdt("demo", { models: [] })).err).toBe(
      "dzdt demo: no demonstration is registered in this build; see dzdt experiments for what there is\n",
    );
    expect((await dzdt(train, { models: [] })).err).toBe(
      'dzdt train: there is no experiment "line"; none is registered in this build\n',
    );
  });
});

describe("a run", () => {
  test("leaves a report, weights and a record, and prints its table and where they are", async () => {
    const { code, out, err } = await dzdt(`${train} --steps 2 --width 4 --seed 7`);
    expect(code).toBe(0);
    expect((await readdir(join(cwd, folder))).sort()).toEqual(["report.html", "run.json", "weights.safetensors"]);
    expect(out).toContain("test loss   0.500");
    expect(out).toContain(`report  ${folder}/report.html`);
    expect(err).toMatch(/^line: 2\/2, loss 0\.500/);
    expect(JSON.parse(await readFile(join(cwd, folder, "run.json"), "utf8"))).toMatchObject({
      format: 1,
      experiment: "line",
      model: "line",
      command: `dzdt ${train} --steps 2 --width 4 --seed 7`,
      seed: 7,
      columns: ["q", "p"],
      data: { file: "good.csv", columns: ["q", "p"], time: "t", trial: null },
      metrics: { testLoss: 0.5 },
      stopped: false,
    });
    const page = await readFile(join(cwd, folder, "report.html"), "utf8");
    expect(page).toContain(`<code>dzdt ${train} --steps 2 --width 4 --seed 7</code>`);
  });

  test("never overwrites an earlier one", async () => {
    await dzdt(train);
    await dzdt(train);
    expect((await readdir(join(cwd, "runs"))).sort()).toEqual(["line-20260102-030405", "line-20260102-030405-2"]);
  });

  test("of the demo needs no data, and may take some", async () => {
    expect((await dzdt("demo")).code).toBe(0);
    expect((await dzdt("demo --data good.csv --columns q,p")).code).toBe(0);
    const record = await readFile(join(cwd, "runs/stub-20260102-030405-2/run.json"), "utf8");
    expect(JSON.parse(record)).toMatchObject({ data: { trial: "trial" }, columns: ["q", "p"] });
  });

  test("stopped by Ctrl-C is saved whole with its checkpoint, and ends with code 130", async () => {
    const { code, out, err } = await dzdt(`${train} --steps 1000`, stub, {
      onInterrupt: (callback) => {
        setTimeout(callback, 1);
        return () => undefined;
      },
    });
    expect(code).toBe(130);
    expect(err).toContain("stopping after this step and saving the run; press Ctrl-C again to leave at once");
    expect(out).toContain("stopped early; report");
    expect((await readdir(join(cwd, folder))).sort()).toEqual([
      "checkpoint-line.safetensors",
      "report.html",
      "run.json",
      "weights.safetensors",
    ]);
  });

  test("can be forecast as CSV and as JSON", async () => {
    await dzdt(train);
    const command = `forecast ${folder} --from -1,0.5 --until 2 --points 3`;
    expect((await dzdt(command)).out).toBe("t,q,p\n0,-1,0.5\n1,0,2.5\n2,1,4.5\n");
    expect(JSON.parse((await dzdt(`${command} --json`)).out)).toEqual({
      t: [0, 1, 2],
      q: [-1, 0, 1],
      p: [0.5, 2.5, 4.5],
    });
    expect((await dzdt(`forecast ${folder} --from 1 --until 2`)).err).toBe(
      `dzdt forecast: --from has 1 number, and the state of ${folder} has 2 (q, p); give one number for each\n`,
    );
  });

  test("can be evaluated on other data, by the columns it was trained on", async () => {
    await dzdt(train);
    expect((await dzdt(`evaluate ${folder} --data good.csv`)).out).toContain("rows      4");
    expect((await dzdt(`evaluate ${folder} --data good.csv --columns q`)).err).toContain(
      "--columns names 1 (q), and the state of",
    );
  });

  test("is described by info", async () => {
    await dzdt(train);
    const { out } = await dzdt(`info ${folder}`);
    expect(out).toMatch(/^experiment +line\n/);
    expect(out).toMatch(/testLoss +0\.500\n/);
  });

  test("with a damaged record is refused by field", async () => {
    await dzdt(train);
    const file = join(cwd, folder, "run.json");
    const record = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    const err = async (content: string) => {
      await writeFile(file, content);
      return (await dzdt(`info ${folder}`)).err;
    };
    expect(await err("{")).toBe(
      `dzdt info: ${folder}/run.json: is not JSON; give the folder of a run that dzdt wrote\n`,
    );
    expect(await err('{"format":2}')).toContain("has format 2, and this version of dzdt reads format 1");
    expect(await err(JSON.stringify({ ...record, columns: "q" }))).toContain('field "columns" is "q"');
    expect(existsSync(file)).toBe(true);
  });
});

describe("what there is", () => {
  test("experiments lists the demo and the models", async () => {
    expect((await dzdt("experiments")).out).toBe("dzdt demo         a stub\ndzdt train line   a straight line\n");
    expect((await dzdt("experiments", { models: [] })).out).toBe("no experiment is registered in this build\n");
  });

  test("info shows versions and targets", async () => {
    const targets = () =>
      Promise.resolve([
        { name: "js", available: true },
        { name: "webgpu", available: false, detail: "no adapter" },
      ]);
    const { out } = await dzdt("info", { models: [], targets });
    expect(out).toMatch(/@dzdt\/models +\d+\.\d+\.\d+\nnode +\d+/);
    expect(out).toMatch(/target js +available\ntarget webgpu +absent, no adapter\n/);
  });
});
