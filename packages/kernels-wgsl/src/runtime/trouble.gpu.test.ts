import { compile, ones, tensor, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { afterEach, expect, inject, test } from "vitest";
import { type Starved, starved } from "../../test/starved";
import { DeviceError } from "../errors";
import { webgpu, type WebGpuTarget } from "../target";

const opened: WebGpuTarget[] = [];

afterEach(() => {
  for (const target of opened.splice(0)) target.dispose();
});

async function open(): Promise<{ readonly target: WebGpuTarget; readonly device: Starved }> {
  const target = await webgpu();
  opened.push(target);
  return { target, device: starved(target.device) };
}

const everything = (): boolean => true;
const nothing = (): boolean => false;
/** What programs share: a program whose inputs and results are not bound needs it. */
const workingMemory = ({ label }: GPUBufferDescriptor): boolean => label === "memory of programs";
const mapRead = 0x1;
const staging = ({ usage }: GPUBufferDescriptor): boolean => (usage & mapRead) !== 0;

const sums = compile(function sums(x: Tensor, n: Tensor) {
  return x.mul(n).cumsum();
});
const sumsOfMany = compile(function sumsOfMany(x: Tensor, n: Tensor) {
  return x.mul(n).cumsum();
});
const times = compile(function times(x: Tensor, n: Tensor) {
  return x.mul(n);
});

const last = async (x: Tensor): Promise<number | undefined> => (await x.data()).at(-1);

const told = /: the WebGPU device is out of memory \(no \d+ bytes\): tensors hold \d+ bytes .*dispose\(\) of tensors/;

test("memory that runs out while numbers are read is told, and they can be read later", async () => {
  const { target, device } = await open();
  const y = times(ones([5000], { target }), tensor(3, { target }));
  device.lacks = staging;
  await expect(y.data()).rejects.toThrow(/^times: the WebGPU device is out of memory/);
  device.lacks = nothing;
  expect(await last(y)).toBe(3);
});

test("memory that runs out in one reading is nothing to others beside it", async () => {
  const { target, device } = await open();
  const n = tensor(3, { target });
  const [few, many] = [times(ones([300], { target }), n), times(ones([5000], { target }), n)];
  expect(await last(few)).toBe(3);
  device.lacks = staging;
  const [missing, beside] = await Promise.allSettled([last(many), last(few)]);
  expect(missing).toMatchObject({ reason: { message: expect.stringMatching(told) as unknown } });
  expect(beside).toEqual({ status: "fulfilled", value: 3 });
});

test("no result is believed that was computed in memory which turns out not to be there", async () => {
  const { target, device } = await open();
  const [x, many] = [ones([300], { target }), ones([100_000], { target })];
  const n = (value: number): Tensor => tensor(value, { target });
  const before = [1, 2, 3].map((k) => sums(x, n(k)));
  for (const each of before) await last(each);
  // Their buffers are there, with numbers of old.
  for (const each of before) each.dispose();
  device.lacks = workingMemory;
  const results = [sumsOfMany(many, n(1)), ...[4, 5, 6].map((k) => sums(x, n(k)))];
  for (let reading = 0; reading < 2; reading++)
    for (const each of results) await expect(each.data()).rejects.toThrow(told);
  await expect(last(sums(x, n(7))), "still").rejects.toThrow(told);
  device.lacks = nothing;
  expect(await last(sums(x, n(7)))).toBe(2100);
  expect(await last(sumsOfMany(many, n(2)))).toBe(200_000);
});

test("a buffer that could not be made is not used again, also where it was given back before that was known", async () => {
  const { target, device } = await open();
  const x = ones([3000], { target });
  const n = (value: number): Tensor => tensor(value, { target });
  expect(await last(times(x, n(2)))).toBe(2);
  device.lacks = everything;
  times(x, n(3)).dispose();
  device.lacks = nothing;
  const y = times(x, n(4));
  await expect(y.data(), "of that buffer").rejects.toThrow(told);
  await expect(y.data(), "of that buffer").rejects.toThrow(told);
  y.dispose();
  expect(target.memory().pooled, "what was kept makes room").toBe(0);
  expect(await last(times(x, n(5)))).toBe(5);
});

test("a kernel for which a driver has no means is refused, and compiled anew when it is wanted again", async () => {
  const { target, device } = await open();
  const x = ones([1000], { target });
  const n = tensor(6, { target });
  device.lacksKernels = true;
  await expect(times(x, n).data()).rejects.toThrow(/^times: the WebGPU device refused it: the driver gave up/);
  device.lacksKernels = false;
  expect(await last(times(x, n))).toBe(6);
});

/** What somebody does who uses a device that has too little memory now and then. */
type Act =
  | { readonly act: "run"; readonly which: 0 | 1 | 2; readonly value: number }
  | { readonly act: "dispose" | "read"; readonly at: number }
  | { readonly act: "wait" }
  | { readonly act: "lack"; readonly of: 0 | 1 | 2 | 3 };

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    act: fc.constant("run" as const),
    which: fc.constantFrom(0 as const, 1 as const, 2 as const),
    value: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ act: fc.constantFrom("dispose" as const, "read" as const), at: fc.nat(5) }),
  fc.record({ act: fc.constant("wait" as const) }),
  fc.record({
    act: fc.constant("lack" as const),
    of: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
  }),
);

test("whenever memory runs out, numbers are right or told to be missing, and all is well when there is memory again", async () => {
  const lacking = [nothing, staging, workingMemory, everything];
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 30 }), async (steps) => {
      const { target, device } = await open();
      const [few, many] = [ones([300], { target }), ones([20_000], { target })];
      const programs = [
        { run: sums, x: few, size: 300 },
        { run: sumsOfMany, x: many, size: 20_000 },
        { run: times, x: few, size: 1 },
      ] as const;
      const alive: { readonly y: Tensor; readonly expected: number }[] = [];
      const right = async ({ y, expected }: (typeof alive)[number]): Promise<void> => {
        const found = await last(y).catch((error: unknown) => error);
        if (found instanceof DeviceError) expect(found.message).toMatch(told);
        else expect(found).toBe(expected);
      };
      for (const step of steps) {
        if (step.act === "lack") device.lacks = lacking[step.of]!;
        else if (step.act === "wait") await target.idle();
        else if (step.act === "run") {
          const { run, x, size } = programs[step.which];
          alive.push({ y: run(x, tensor(step.value, { target })), expected: size * step.value });
        } else if (alive[step.at]) {
          if (step.act === "read") await right(alive[step.at]!);
          else alive.splice(step.at, 1)[0]!.y.dispose();
        }
      }
      device.lacks = nothing;
      for (const each of alive) await right(each);
      for (const { run, x, size } of programs) {
        const y = run(x, tensor(41, { target }));
        expect(await last(y)).toBe(41 * size);
      }
      target.dispose();
    }),
    { numRuns: inject("runs") ?? 40 },
  );
}, 600_000);
