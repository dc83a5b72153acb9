import type { Experiments } from "../experiment";
import { hnnExperiment } from "./hnnExperiment";
import { pendulumDemo } from "./pendulumDemo";
import { targets } from "./targets";

/** All that the command line can run; a new experiment is one value here. */
export const experiments: Experiments = { demo: pendulumDemo, models: [hnnExperiment], targets };
