import type { Attempts } from "../case";
import { freshProcess } from "../fresh-process";

export const attempts: Attempts = { "W10.cold": () => freshProcess("empty.mjs") };
