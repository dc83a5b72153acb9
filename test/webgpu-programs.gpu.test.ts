import { randomPrograms } from "./webgpu-programs";

randomPrograms(Number(process.env["RUNS"] ?? 25));
