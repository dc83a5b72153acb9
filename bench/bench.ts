// `npm run bench`: the workloads, by dzdt and by its peers in turns.
import process from "node:process";
import { parseArgs } from "node:util";
import type { Case } from "./src/case";
import { type Contender, gpuPeers, ownNames, peers, threadedName } from "./src/contenders";
import { type Gpu, lookForGpu } from "./src/dawn";
import { drawDiagrams } from "./src/diagrams";
import { Lane } from "./src/lane";
import { currentSetting, gpuSetting, line, type Setting } from "./src/lines";
import { describeMachine, versionOf } from "./src/machine";
import { compare, type Effort, type Outcome } from "./src/rounds";
import { ownSizes, peerSizes } from "./src/sizes";
import { cells, headings, layout, type Row } from "./src/table";
import { selectCases, workloadOf } from "./src/workloads";

const usage = `npm run bench -- [options]
  --target cpu|webgpu
                     where dzdt runs, and beside whom (default: cpu)
  --only W5,W7a      these workloads, or cases such as W1.512
  --peers none|all|tfjs-wasm,handjs
                     who runs beside dzdt (default: all; with --quick: none)
  --threads 2        dzdt on so many threads too, in a column of its own
  --json             one line of JSON per result
  --quick            every case checked and timed briefly
  --seconds 1        time for each contender and case
  --diagrams         work–precision diagrams of the solvers to docs/pictures, and nothing else; --only kepler,lorenz
known peers: ${peers.map(({ name }) => name).join(", ")}; on webgpu ${gpuPeers.map(({ name }) => name).join(", ")}`;

/** What the command line asks for. */
interface Plan {
  readonly rows: readonly Case[];
  readonly peers: readonly Contender[];
  /** Of one more column of dzdt. */
  readonly threads: number | undefined;
  readonly json: boolean;
  readonly gpu: Gpu | undefined;
  readonly effort: Effort;
}

/** Diagrams in place of a table. */
interface Drawing {
  readonly diagrams: true;
  readonly only: string | undefined;
}

async function readPlan(): Promise<Plan | Drawing | undefined> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      target: { type: "string", default: "cpu" },
      peers: { type: "string" },
      threads: { type: "string" },
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      seconds: { type: "string" },
      diagrams: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.diagrams) return { diagrams: true, only: values.only };
  const seconds = Number(values.seconds ?? (values.quick ? 0.1 : 1));
  if (!(seconds > 0)) throw new Error(`bench: --seconds is ${values.seconds}; give a positive number`);
  const { target } = values;
  if (target !== "cpu" && target !== "webgpu") throw new Error(`bench: --target is ${target}; give cpu or webgpu`);
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 1 && target === "cpu"))
    throw new Error(`bench: --threads is ${values.threads}; give an integer above 1, on the processor only`);
  const known = target === "cpu" ? peers : gpuPeers;
  const rounds = values.quick ? 3 : 7;
  return {
    rows: await selectCases(values.only, target),
    peers: choose(known, values.peers ?? (values.quick ? "none" : "all")),
    threads,
    gpu: target === "webgpu" ? await lookForGpu() : undefined,
    json: values.json,
    effort: { rounds, milliseconds: (1000 * seconds) / rounds },
  };
}

function choose(known: readonly Contender[], list: string): readonly Contender[] {
  if (list === "none") return [];
  if (list === "all") return known;
  return list.split(",").map((name) => {
    const peer = known.find((p) => p.name === name);
    if (!peer) throw new Error(`bench: --peers names ${name}; known are ${known.map((p) => p.name).join(", ")}`);
    return peer;
  });
}

async function run({ rows, peers, threads, json, gpu, effort }: Plan): Promise<void> {
  const own = ownNames[gpu ? "webgpu" : "cpu"];
  const setting = gpu ? gpuSetting(gpu.name) : currentSetting();
  const lane = (name: string): Lane => new Lane(name, gpu ? { environment: gpu.environment } : {});
  const used = peers.filter((peer) => rows.some((row) => workloadOf(row.name) in peer.attempts));
  const owns = [own, ...(threads === undefined ? [] : [threadedName(threads)])];
  const names = [...owns, ...used.map(({ name }) => name)];
  const table: Row[] = [];
  for (const workload of new Set(rows.map(({ name }) => workloadOf(name)))) {
    const lanes = [
      ...owns.map(lane),
      ...used.filter((peer) => workload in peer.attempts).map((peer) => lane(peer.name)),
    ];
    try {
      for (const row of rows.filter((r) => workloadOf(r.name) === workload)) {
        const outcomes =
          typeof row.dzdt === "function" ? await compare(row, lanes, effort) : new Map([[own, pending(row.dzdt)]]);
        table.push({ row, own, outcomes });
        if (json) for (const [name, outcome] of outcomes) console.log(line(row, name, outcome, setting));
        else console.error(layout([cells(table.at(-1)!, names)]));
      }
    } finally {
      lanes.forEach((lane) => lane.close());
    }
  }
  if (!json) {
    console.error("");
    console.log(layout([headings(names), ...table.map((row) => cells(row, names))]));
    if (gpu) console.log(`\nadapter: ${gpu.name}\non device: kernels of one unit, by the clock of the device`);
    console.log(`\n${describeMachine()}`);
    console.log(versions(used, setting));
    console.log(legend);
  }
  if (rows.some(({ name }) => workloadOf(name) === "W10")) await reportSizes(json, used.length > 0);
  if (table.some(({ outcomes }) => outcomes.get(own)?.kind === "failed")) process.exitCode = 1;
}

const legend = `ms: the median, less what other programs took from this one; first call: with tracing and compiling
(N×): times as long as dzdt, the median of the rounds; error: of the case's check, without which nothing is timed`;

/** How much a page loads: the last part of W10. */
async function reportSizes(json: boolean, peers: boolean): Promise<void> {
  const sizes = [
    ...(await ownSizes()).map((size) => ({ peer: "dzdt", ...size })),
    ...(peers ? (await peerSizes()).map((size) => ({ peer: size.name, ...size })) : []),
  ];
  for (const { peer, name, minified, gzipped, goal } of sizes)
    if (json) {
      const note = `bundle of ${name}`;
      console.log(JSON.stringify({ peer, workload: "W10.size", note, bytes: minified, gzip_bytes: gzipped, ok: true }));
    } else {
      const aim = goal === undefined ? "" : `, goal ${goal / 1000}`;
      console.log(`size of ${name}: ${(gzipped / 1000).toFixed(1)} kB gzipped${aim}`);
    }
}

const pending = ({ notYet }: { notYet: string }): Outcome => ({ kind: "notYet", reason: notYet });

function versions(used: readonly Contender[], { target, threads, fma }: Setting): string {
  const own = `dzdt ${versionOf("@dzdt/tensor")} (${target === "webgpu" ? target : `${target}, ${threads} thread, ${fma ? "FMA" : "no FMA"}`})`;
  return [own, ...used.flatMap((p) => (p.package ? [`${p.name}: ${p.package} ${versionOf(p.package)}`] : []))].join(
    ", ",
  );
}

const plan = await readPlan();
if (!plan) console.log(usage);
else if ("diagrams" in plan) drawDiagrams(plan.only);
else await run(plan);
