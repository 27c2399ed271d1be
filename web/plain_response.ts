// Until all of them import it from there.
export { plainResponse } from "../core/plain_response.ts";
