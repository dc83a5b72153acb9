import { matmul, ones } from "@dzdt/tensor";

console.log(matmul(ones([64, 64]), ones([64, 64])).dataSync()[0]);
