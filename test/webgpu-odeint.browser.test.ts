import { solves } from "./webgpu-odeint";

solves();
