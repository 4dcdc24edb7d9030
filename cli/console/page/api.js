/** Whether personal data are requested. */
let isPersonal = false;

export function askForPersonalData(isWanted) {
  isPersonal = isWanted;
}

/** Asks the console. Throws its message if it refuses. */
export async function ask(path, query = {}) {
  return answerOf(await fetch(addressOf(path, query)));
}

/** Orders the console to do something. */
export async function order(path, body) {
  return answerOf(
    await fetch(addressOf(path, {}), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

function addressOf(path, query) {
  return `/api/${path}?${new URLSearchParams({ ...query, ...(isPersonal && { personal: "1" }) })}`;
}

async function answerOf(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
