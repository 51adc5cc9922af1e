"""LLM as judge: in both orders, with its biases measured, beside what people say."""
