/** What a device can not make, as if its driver had no means for it. */
export interface Starved {
  lacks: (buffer: GPUBufferDescriptor) => boolean;
  lacksKernels: boolean;
}

/** Makes a device give invalid buffers and kernels, and say so in its scopes of errors. */
export function starved(device: GPUDevice): Starved {
  const state: Starved = { lacks: () => false, lacksKernels: false };
  const push = device.pushErrorScope.bind(device);
  const pop = device.popErrorScope.bind(device);
  const createBuffer = device.createBuffer.bind(device);
  const compile = device.createComputePipeline.bind(device);
  const compileSoon = device.createComputePipelineAsync.bind(device);
  const scopes: { readonly filter: GPUErrorFilter; error?: GPUError }[] = [];
  device.pushErrorScope = (filter) => {
    scopes.push({ filter });
    return push(filter);
  };
  device.popErrorScope = async () => {
    const own = scopes.pop();
    const said = await pop();
    return own?.error ?? said;
  };
  /** What is made is invalid, for a reason that the device does not tell as its own. */
  const invalid = <T>(filter: GPUErrorFilter, message: string, make: () => T): T => {
    push("validation");
    const made = make();
    void pop();
    const scope = scopes.findLast((each) => each.filter === filter);
    if (!scope) throw new Error(`nobody hears of it: ${message}`);
    scope.error ??= { message };
    return made;
  };
  device.createBuffer = (descriptor) => {
    if (!state.lacks(descriptor)) return createBuffer(descriptor);
    const { size } = descriptor;
    const most = device.limits.maxBufferSize;
    const buffer = invalid("out-of-memory", `no ${size} bytes`, () => createBuffer({ ...descriptor, size: most + 4 }));
    return Object.defineProperty(buffer, "size", { value: size });
  };
  device.createComputePipeline = (descriptor) => {
    if (!state.lacksKernels) return compile(descriptor);
    const compute = { ...descriptor.compute, entryPoint: "none" };
    return invalid("internal", "the driver gave up", () => compile({ ...descriptor, compute }));
  };
  device.createComputePipelineAsync = async (descriptor) => {
    if (state.lacksKernels) throw new Error("the driver gave up");
    return compileSoon(descriptor);
  };
  return state;
}
