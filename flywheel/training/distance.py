"""How far GRPO goes from the base where its loss does not ask: with a beta of 0 TRL computes no reference."""

from typing import Any

# So many steps of a training at most are measured, evenly; each takes a forward pass of the base over the step's answers.
MOST = 50


def measured(trainer: Any) -> Any:
    """A TRL GRPO trainer that logs the ``kl`` to the base, as one with a beta does.

    The estimate is k3 of http://joschu.net/blog/kl-approx.html over the sampled answers, in nats a token, at the temperature of
    sampling; the base is the network with its adapter switched off, without a gradient. Nothing of it gets into the loss.
    """

    class Measured(trainer):  # type: ignore[misc]
        def _get_per_token_logps_and_entropies(self, *given: Any, **named: Any) -> Any:
            found = super()._get_per_token_logps_and_entropies(*given, **named)
            self._said = found[0].detach()
            return found

        def _compute_loss(self, model: Any, inputs: Any) -> Any:
            loss = super()._compute_loss(model, inputs)
            every = max(1, -(-self.state.max_steps // MOST))
            if self.beta == 0 and model.training and self.state.global_step % every == 0:
                self._metrics["train"]["kl"].append(self._distance(model, inputs))
            return loss

        def _distance(self, model: Any, inputs: Any) -> float:
            import torch

            said, completion = self._said, inputs["completion_ids"]
            with torch.no_grad(), self.accelerator.unwrap_model(model).disable_adapter():
                base, *_ = super()._get_per_token_logps_and_entropies(
                    model,
                    torch.cat([inputs["prompt_ids"], completion], dim=1),
                    torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1),
                    completion.size(1),
                )
            mask = inputs["completion_mask"] * inputs.get("tool_mask", 1)
            apart = base - said
            estimate = apart.exp() - apart - 1
            totals = torch.stack([(estimate * mask).sum(), mask.sum().float()])
            total, count = self.accelerator.reduce(totals, reduction="sum")
            return float(total / count.clamp(min=1.0))

    return Measured
