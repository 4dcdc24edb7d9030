export { withProgress } from "../engine/progress.ts";
export { certificateRemedy, isCertificateFault } from "./certificate.ts";
export { hideForms, hideSecrets, secretForms } from "./hide-secrets.ts";
export { type Call, HttpClient, type HttpClientOptions } from "./http.ts";
export { jsonOf } from "./json.ts";
export { callOnce, type PlainAnswer } from "./plain-call.ts";
export { retryAfterSeconds } from "./retry-after.ts";
export { sleep } from "./sleep.ts";
export { type VendorComplaint, VendorError } from "./vendor-error.ts";
