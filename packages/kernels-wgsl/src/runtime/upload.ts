import { type Aval, printShape, type TypedArray, UnsupportedError } from "@dzdt/tensor";
import { noDoubles } from "../wgsl/types";
import type { Runtime } from "./runtime";
import { type GpuStorage, mostKept, outcomeOf, padded } from "./storage";

/** Numbers of the host as a storage. */
export function upload(runtime: Runtime, values: TypedArray, aval: Aval): GpuStorage {
  // Numbers of the host language are float64 scalars; they become single where a program takes them.
  if (aval.dtype === "float64" && values.length !== 1 && !runtime.means.doubles) noDoubles("tensor");
  const storage = { aval, size: values.length, outcome: undefined };
  runtime.check("tensor");
  if (values.byteLength <= mostKept) return { ...storage, host: values, buffer: undefined };
  const { maxBufferSize } = runtime.device.limits;
  if (values.byteLength > maxBufferSize)
    throw new UnsupportedError(
      `tensor: ${aval.dtype}${printShape(aval.shape)} has ${values.byteLength} bytes and a buffer of this device has at most ${maxBufferSize}; ` +
        `use several tensors in its place, or wasm()`,
    );
  const words = hostWords(runtime, values);
  let buffer: GPUBuffer | undefined;
  const trouble = runtime.watch("tensor", () => {
    const taken = (buffer = runtime.data.take(words.byteLength));
    void runtime.turns.take(() => runtime.device.queue.writeBuffer(taken, 0, words));
    return [taken];
  });
  return runtime.own({ ...storage, host: undefined, buffer, outcome: outcomeOf("tensor", false, trouble) });
}

/** As the device has them: doubles are pairs of singles, or singles; and a whole number of words. */
export function hostWords({ means: { doubles } }: Runtime, values: TypedArray): Uint8Array<ArrayBuffer> {
  const own = values instanceof Float64Array ? (doubles?.split(values) ?? Float32Array.from(values)) : values;
  const bytes = new Uint8Array(own.buffer as ArrayBuffer, own.byteOffset, own.byteLength);
  if (bytes.length % 4 === 0) return bytes;
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  return whole;
}
