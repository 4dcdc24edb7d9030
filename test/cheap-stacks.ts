const mapped = Error.prepareStackTrace;

/** Of Pulumi's SDK: where it takes a stack trace of each promise and resource, which nothing here reads. */
const takers = ["debuggablePromise", "callsites"];

// jest maps every stack trace to the sources. For those that the SDK takes, this was half of the time of a test that declares resources.
Error.prepareStackTrace = (error, frames) => {
  const [top] = frames;
  const isUnread = takers.includes(top?.getFunctionName() ?? "") && top?.getFileName()?.includes("/@pulumi/pulumi/");
  return isUnread ? String(error) : mapped?.(error, frames);
};
