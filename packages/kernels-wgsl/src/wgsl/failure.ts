import { failureWord, mostFacts } from "@dzdt/tensor/lower";

/** Where a failing program leaves the facts of its failure: behind its number, and what kernels leave word of. */
export const factsAt = 16;

/** Bytes from the number of a failure to the last of its facts, each as wide as the widest float: what is copied of a run that may have failed. */
export const failureBytes = (doubles: boolean): number => factsAt - failureWord + mostFacts * (doubles ? 8 : 4);
