// What files of questions ask.

/** Files of JSON lines as evaluations: of each line "question", or what the user says last in "prompt" or "messages". */
export async function evaluations(files) {
  return Promise.all([...files].map(async (file) => ({ name: file.name, questions: questions(await file.text(), file.name) })));
}

function questions(text, name) {
  const lines = text.split("\n").map((line, number) => [line.trim(), `${name}, line ${number + 1}`]);
  return lines.filter(([line]) => line).map(([line, where]) => question(line, where));
}

function question(line, where) {
  let fields;
  try {
    fields = JSON.parse(line);
  } catch {
    throw new Error(`${where} is not JSON.`);
  }
  for (const name of ["question", "prompt", "messages"]) {
    let value = fields?.[name];
    if (Array.isArray(value)) value = value.findLast((message) => message?.role === "user")?.content;
    if (typeof value === "string" && value.trim()) return value;
  }
  throw new Error(`${where} asks nothing: give "question" as text, or "prompt" or "messages" with what the user says.`);
}
