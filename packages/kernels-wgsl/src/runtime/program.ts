import { type Program, sizeOf, type Tape, UnsupportedError } from "@dzdt/tensor";
import { formatTape } from "@dzdt/tensor/lower";
import type { Kernel } from "../schedule/kernel";
import { lower, type Lowered } from "../schedule/lowered";
import { teamSizeOf } from "../schedule/team";
import { doubtful, inheritKernel, troubleOf } from "./inherit";
import type { Soon } from "./pipelines";
import { failureAt, inputOf, type Result, resultsOf, type Run, submit } from "./run";
import { refusal, type Runtime } from "./runtime";
import { type GpuStorage, type Outcome, outcomeOf } from "./storage";

/** Kernels of runs, and as the device has them, once they have run. */
interface Kernels {
  readonly list: readonly Kernel[];
  pipelines: readonly GPUComputePipeline[] | undefined;
}

/** A run and the storages of its results. */
interface Made {
  readonly run: Run;
  readonly results: readonly GpuStorage[];
}

/** A tape as kernels. A run copies small inputs into the memory of programs, dispatches, copies small results out: one submit, and nothing is waited for. */
export function gpuProgram(source: Tape, runtime: Runtime): Program {
  const { means, limit, device } = runtime;
  const arrays = device.limits.maxStorageBuffersPerShaderStage - 1;
  const lowered = lower(source, { ...means, limit, team: teamSizeOf(device), arrays });
  const where = source.where;
  if (lowered.bytes > runtime.limit)
    throw new UnsupportedError(
      `${where}: the program needs ${lowered.bytes} bytes of memory and a buffer of this device has at most ${runtime.limit}; ` +
        `use smaller batches, checkpoints, or fewer steps`,
    );
  const fails = lowered.kernels.some((kernel) => kernel.fails);
  const shapes = lowered.outputs.map(({ aval }, k): Result => {
    const size = sizeOf(aval.shape);
    const { dtype } = source.avals[source.outputs[k]!]!;
    return { aval: { ...aval, dtype }, size, bytes: failureAt(runtime, aval, size) };
  });
  const sizes = shapes.flatMap(({ bytes }, k) => (lowered.outputs[k]!.place ? [bytes + runtime.failureBytes] : []));
  // By the number of runs whose failures are taken over.
  const variants = new Map<number, Kernels>();
  const kernelsFor = (failures: number): Kernels => {
    let kernels = variants.get(failures);
    if (!kernels) {
      const first = failures > 0 ? [inheritKernel(lowered.failures, failures, runtime.failureBytes)] : [];
      variants.set(failures, (kernels = { list: [...first, ...lowered.kernels], pipelines: undefined }));
    }
    return kernels;
  };
  return {
    bytes: lowered.kernels.reduce((sum, { text }) => sum + text.length, 0),
    run: (inputs) => {
      runtime.check(where);
      const given = inputs as readonly GpuStorage[];
      const numbers = lowered.inputs.map((port, k) => inputOf(runtime, port, given[k]!, where));
      const from = doubtful(given);
      const failures = from.map(({ buffer, aval, size }) => ({ buffer: buffer!, at: failureAt(runtime, aval, size) }));
      const mayFail = fails || failures.length > 0;
      const kernels = kernelsFor(failures.length);
      const make = (own: Outcome["trouble"]): Made => {
        const trouble = troubleOf([own, ...given.map(({ outcome }) => outcome?.trouble)]);
        const results = resultsOf(runtime, lowered, shapes, outcomeOf(where, mayFail, trouble));
        const buffers = results.map(({ buffer }) => buffer);
        const run = { lowered, shapes, kernels: kernels.list, inputs: numbers, failures, results: buffers, mayFail };
        return { run, results };
      };
      const { pipelines } = kernels;
      // What can be wrong with a program is wrong the first time, but for memory, which may run out whenever a buffer is made.
      if (!pipelines || runtime.mayRunOut(lowered.bytes) || runtime.data.lacks(sizes))
        return watched(runtime, where, kernels, make);
      const { run, results } = make(undefined);
      void runtime.turns.take(() => submit(runtime, run, pipelines));
      return results;
    },
    inspect: () => inspect(lowered),
  };
}

/** A run of which something may be refused, as its kernels are not compiled yet or buffers have to be made. */
function watched(
  runtime: Runtime,
  where: string,
  kernels: Kernels,
  make: (trouble: Outcome["trouble"]) => Made,
): readonly GpuStorage[] {
  let report: (error: Promise<Error | undefined>) => void = () => undefined;
  const trouble = new Promise<Error | undefined>((resolve) => (report = resolve));
  let compiled: Soon<readonly GPUComputePipeline[]> = [];
  let made: Made | undefined;
  const taken = (): GPUBuffer[] => made!.run.results.filter((buffer) => buffer !== undefined);
  const before = runtime.watch(where, () => {
    compiled = kernels.pipelines ?? runtime.pipelines.all(kernels.list, where);
    made = make(trouble);
    return taken();
  });
  const { run, results } = made!;
  let refused: Error | undefined;
  let during: Promise<Error | undefined> | undefined;
  const start = (pipelines: readonly GPUComputePipeline[]): void => {
    kernels.pipelines = pipelines;
    during = runtime.watch(where, () => {
      submit(runtime, run, pipelines);
      return taken();
    });
  };
  const turn = whenReady(runtime, compiled, start, (error) => (refused = refusal(where, error)));
  const found = async (): Promise<Error | undefined> => {
    await turn;
    const error = (await before) ?? refused ?? (await during);
    if (error) kernels.pipelines = undefined;
    return error;
  };
  report(found());
  return results;
}

/** Takes a turn with kernels, when they are compiled. Those of a device that is lost may never be. */
function whenReady(
  { turns, lost }: Runtime,
  compiled: Soon<readonly GPUComputePipeline[]>,
  start: (pipelines: readonly GPUComputePipeline[]) => void,
  refuse: (error: Error) => void,
): Promise<void> | undefined {
  if (!(compiled instanceof Promise)) return turns.take(() => start(compiled));
  let pipelines: readonly GPUComputePipeline[] | undefined;
  const settled = Promise.race([compiled.then((all) => (pipelines = all)), lost]).catch(refuse);
  return turns.take(() => pipelines && start(pipelines), settled);
}

/** What was made of the tape, for people. A kernel that is dispatched again and again is shown once. */
function inspect({ tape, kernels, bytes }: Lowered): string {
  const texts: string[] = [];
  for (let first = 0, next = 0; first < kernels.length; first = next) {
    const { name, groups, text } = kernels[first]!;
    while (next < kernels.length && isEqual(kernels[next]!, kernels[first]!)) next++;
    const [x, y, z = 1] = groups;
    texts.push(`// ${name}: ${x * y * z} workgroups${next - first > 1 ? `, ${next - first} times` : ""}\n${text}`);
  }
  return `${formatTape(tape)}\n${bytes} bytes of memory, ${kernels.length} dispatches\n\n${texts.join("\n\n")}`;
}

const isEqual = (a: Kernel, b: Kernel): boolean =>
  a.name === b.name && a.text === b.text && String(a.parameters) === String(b.parameters);
