import { doubles } from "./webgpu-df64";

doubles();
