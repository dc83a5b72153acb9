/**
 * WGSL for what invocations of a set (a subgroup: those that a device runs in step) tell each other. It stands where all of a workgroup come together,
 * in kernels that are headed by {@link enableSets} and have set `in_set`.
 */
export const enableSets = "enable subgroups;";

/** The place of an invocation in its set, for functions. */
export const placeInSet = "var<private> in_set: u32;";

/** The number of the invocation whose place in the set differs by the bit `distance`. */
export const numberAcross = (own: string, distance: number): string => `subgroupShuffleXor(${own}, ${distance}u)`;

/** The number of the first of `count` invocations, a power of two, side by side. */
export const numberOfFirst = (own: string, count: number): string => `subgroupShuffle(${own}, in_set & ~${count - 1}u)`;
