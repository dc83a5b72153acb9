import { randomPrograms } from "./webgpu-programs";

randomPrograms(10);
