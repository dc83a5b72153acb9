/** Subgroups as shared memory plays them. */
export interface PlayedSets {
  /** How many invocations a subgroup has. */
  readonly size: number;
  /** How many the device says that one has at least. */
  readonly said?: number;
  /** WGSL for the place of an invocation in its workgroup of up to 256, by its index `index`; so many places side by side are a subgroup. */
  readonly place?: string;
}

const types = ["f32", "i32", "u32", "vec2f"] as const;

const functions = ({ size }: PlayedSets): string => `
var<private> place: u32;
${types
  .map(
    (type) => `
var<workgroup> told_${type}: array<${type}, 256>;
fn shuffle_${type}(own: ${type}, other: u32) -> ${type} {
  workgroupBarrier();
  told_${type}[place] = own;
  workgroupBarrier();
  return told_${type}[place - place % ${size}u + other];
}
fn shuffle_xor_${type}(own: ${type}, distance: u32) -> ${type} {
  return shuffle_${type}(own, (place % ${size}u) ^ distance);
}`,
  )
  .join("")}`;

/** A kernel that uses subgroups, without. */
function withoutSubgroups(code: string, sets: PlayedSets): string {
  if (!code.startsWith("enable subgroups;")) return code;
  const { size, place = "index" } = sets;
  const named = (type: string | undefined, xor: string | undefined): string =>
    `shuffle_${xor ? "xor_" : ""}${type === "bool" ? "u32" : (type ?? "f32")}(`;
  const body = code
    .replace("enable subgroups;", "")
    .replace("@builtin(subgroup_invocation_id) subgroup", "@builtin(local_invocation_index) index")
    .replace("in_set = subgroup;", `place = ${place}; in_set = place % ${size}u;`)
    .replace(/: (\w+) = subgroupShuffle(Xor)?\(/g, (_, type: string, xor?: string) => `: ${type} = ${named(type, xor)}`)
    .replace(/subgroupShuffle(Xor)?\(/g, (_, xor?: string) => named(undefined, xor));
  return `${body}\n${functions(sets)}`;
}

/** The device with subgroups of any size, whatever it has. */
export function withSets(device: GPUDevice, sets: PlayedSets): GPUDevice {
  const { size, said = size } = sets;
  const own: Partial<Record<keyof GPUDevice, unknown>> = {
    features: new Set([...device.features, "subgroups"]),
    adapterInfo: { subgroupMinSize: said, subgroupMaxSize: Math.max(size, said) },
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) =>
      device.createShaderModule({ code: withoutSubgroups(code, sets) }),
  };
  return new Proxy(device, {
    get: (_, name): unknown => {
      if (Object.hasOwn(own, name)) return own[name as keyof GPUDevice];
      const value: unknown = Reflect.get(device, name, device);
      return typeof value === "function" ? (value as () => unknown).bind(device) : value;
    },
  });
}
