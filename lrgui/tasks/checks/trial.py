"""The steps of a check, each with what it measures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import torch

from lrgui.core.engine.batches import batch_size, length, tensors_of, to_device
from lrgui.core.engine.loss_graph import loss_kind
from lrgui.core.engine.modes import to_eval_mode, to_train_mode
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.step import check_loss
from lrgui.core.events import ACCURACIES
from lrgui.core.formats import (
    format_bytes,
    format_figure,
    format_loss,
    format_metric,
    format_percent,
    format_ratio,
    format_seconds,
)
from lrgui.errors.diagnosis import Diagnosis
from lrgui.errors.origins import original, text_of
from lrgui.errors.out_of_memory import is_out_of_memory, memory_words
from lrgui.errors.traces import defined_at, raised_by_us
from lrgui.tasks.build import build_task
from lrgui.tasks.checks.findings import (
    expected_start,
    input_findings,
    label_problem,
    loss_findings,
    parts_of,
    target_findings,
    tensor_words,
    varies,
    words_of,
)
from lrgui.tasks.checks.gradients import gradient_result, step_result
from lrgui.tasks.checks.memory import free_memory, memory_use
from lrgui.tasks.checks.places import TaskPlaces, changed_in_place, written
from lrgui.tasks.checks.step import Finding, StepResult
from lrgui.tasks.checks.stretching import each_with_each, noticed_stretching, stretch_findings
from lrgui.tasks.optimizers.hidden_layers import hidden_layers
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask

#: What a data set says that cannot go to the processes that load batches: its own line tells nothing.
_PICKLED = re.compile(r"pickle|Can't get (?:local )?(?:object|attribute)")


class Trial:
    """Makes the steps of `check.STEPS`, one after the other."""

    def __init__(self, spec: TaskSpec, steps: int) -> None:
        """`steps` are those that a run plans, to compare the batches with."""
        self.title = spec.title
        self.step_seconds = 0.0
        self._spec = spec
        self._places = TaskPlaces(spec)
        self._steps = steps
        self._task: BuiltTask | None = None
        self._batch: Any = None
        self._output: Any = None
        self._target: Any = None
        self._loss: torch.Tensor | None = None
        self._doubtful = False
        self._summed = False

    def make(self, key: str) -> StepResult:
        """Make the step of that name; the task's own errors come through."""
        step = {
            "task": self._build,
            "batch": self._one_batch,
            "forward": self._forward,
            "loss": self._judge,
            "backward": self._backward,
            "step": self._step,
            "memory": self._again,
            "validation": self._validate,
        }[key]
        return step()

    def close(self) -> None:
        """Let go of the task, and of the processes that load its batches."""
        self._task = self._places.task = self._batch = self._output = self._target = self._loss = None

    def explained(self, key: str, error: BaseException, found: Diagnosis) -> Diagnosis:
        """`found`, with a place where the error has none, and with what is known of the batch."""
        sentence, file, line = found.sentence, found.file, found.line
        if is_out_of_memory(error):
            sentence = memory_words(error, self._spec.batch_size)
        said = text_of(original(error))
        if key == "memory" and "backward through the graph a second time" in said:
            sentence = (
                "The second step backpropagates into the first: some state is kept between batches with its gradients. "
                "Detach it, as in self.state = state.detach()."
            )
            file, line = self._places.of("forward")
        if not file and "inplace operation" in said:
            file, line = changed_in_place(self._made, self._batch)
        if not file and _PICKLED.search(said):
            file, line = self._places.of_role("train_loader")
        if not file and self._task is not None:
            # What of ours refuses before the model is called is about the batch.
            file, line = self._places.of("batch" if key == "forward" and raised_by_us(error) else key)
        return Diagnosis(sentence, file, line, found.known)

    @property
    def _made(self) -> BuiltTask:
        assert self._task is not None
        return self._task

    def _build(self) -> StepResult:
        task = self._task = self._places.task = build_task(self._spec)
        self.title = task.name
        every = sum(p.numel() for p in task.model.parameters())
        trainable = task.parameters
        counted = f"{every:,} parameters" + ("" if trainable == every else f", {trainable:,} of them learn")
        facts = [task.detail, f"{type(written(task.model)).__name__}, {counted}", _device_words(task.device)]
        findings = []
        if not trainable:
            findings.append(
                self._bad("The model has no trainable parameters: it has none, or requires_grad is False.", "forward")
            )
        elsewhere = {str(p.device) for p in task.model.parameters() if p.device.type != task.device.type}
        if elsewhere:
            findings.append(
                self._bad(
                    f"The model is on {', '.join(sorted(elsewhere))}, the batches go to {task.device}: "
                    "leave .to(…) out of the code, the run moves the model.",
                    "forward",
                )
            )
        for sentence, module in hidden_layers(task.model, task.optimizer):
            findings.append(Finding(sentence, False, *defined_at(type(module).__init__)))
        return StepResult([fact for fact in facts if fact], findings, notes=task.notes)

    def _one_batch(self) -> StepResult:
        task = self._made
        found = list(_first(task.loader))
        if not found:
            raise ValueError("The training data yields no batches: use more examples or a smaller batch size.")
        batch = self._batch = to_device(found[0], task.device)
        self._settle()
        parts = parts_of(batch)
        supervised = isinstance(task.objective, Supervised)
        varying = {part.name for part in parts if not part.target and varies(part)}
        sentences: dict[str, list[str]] = {}
        for part in parts:
            if not part.target:
                wrong = input_findings(part, not varying - {part.name})
                self._doubtful |= bool(wrong)
            else:
                wrong = target_findings(part) if supervised else []
            if wrong:
                sentences.setdefault(part.name.split("[")[0], wrong)  # of a list of images the first speaks for all
        facts = words_of(parts) or [f"a batch of type {type(batch).__name__}"]
        count = length(task.loader) or 0
        if count:
            passes = self._steps / count
            through = f"{format_ratio(passes)} passes" if passes >= 1 else f"{format_percent(passes)} of a pass"
            facts.append(f"{count:,} batch{'es' if count > 1 else ''} per epoch: {self._steps:,} steps are {through}")
        place = self._places.of("batch")
        return StepResult(facts, [Finding(told, False, *place) for wrong in sentences.values() for told in wrong])

    def _forward(self) -> StepResult:
        task = self._made
        to_train_mode(task.model, optimizer=task.optimizer)
        task.optimizer.zero_grad()
        if not isinstance(task.objective, Supervised) or task.objective.criterion is None:
            return self._in_one()
        self._output, self._target = task.objective.forward(task.model, self._batch)
        self._settle()
        tensors = list(tensors_of(self._output))
        facts = [" and ".join(["output " + ", ".join(map(tensor_words, tensors))])] if tensors else []
        if any(bool(tensor.isnan().any()) for tensor in tensors if tensor.is_floating_point()):
            cause = (
                "as the inputs are"
                if self._doubtful
                else "look for a division by 0, log(0) or sqrt of a negative number"
            )
            return StepResult(facts, [self._bad(f"The model's output contains NaN: {cause}.", "forward")])
        if tensors and task.parameters and not any(tensor.requires_grad for tensor in tensors):
            told = (
                "The model's output does not depend on its weights: forward runs under no_grad(), or .detach(), .data, "
                "argmax() or numpy breaks the graph."
            )
            return StepResult(facts, [self._bad(told, "forward")])
        return StepResult(facts, self._alike(tensors))

    def _alike(self, tensors: list[torch.Tensor]) -> list[Finding]:
        output = tensors[0].detach() if tensors else None
        if output is None or self._doubtful or output.dim() < 1 or len(output) < 4 or not output.is_floating_point():
            return []
        started_at_zero = any(p.dim() > 1 and not bool(p.any()) for p in self._made.model.parameters())
        if bool((output == output[:1]).all()) and not started_at_zero:
            file, line = self._places.of("forward")
            told = (
                "The model returns the same output for every example of the batch: its inputs have no effect (dead "
                "ReLUs?)."
            )
            return [Finding(told, False, file, line)]
        return []

    def _in_one(self) -> StepResult:
        """A training step written by hand, and a model with a loss of its own, compute both in one."""
        with noticed_stretching() as said:
            self._loss = self._made.certain_loss(self._made.model, self._batch)
        self._settle()
        own = isinstance(self._made.objective, Supervised)
        findings = stretch_findings(said, self._places.of("loss"))
        return StepResult(["the model, with its own loss" if own else "the training step"], findings)

    def _judge(self) -> StepResult:
        task = self._made
        findings: list[Finding] = []
        if self._loss is None:
            assert isinstance(task.objective, Supervised)
            self._try_labels(task.objective)
            with noticed_stretching() as said:
                self._loss = task.objective.judged(self._output, self._target)
            place = self._places.of("loss")
            findings = stretch_findings(said, place) or each_with_each(
                task.objective, self._output, self._target, place
            )
        check_loss(self._loss)
        value = float(self._loss.detach())
        kind = loss_kind(self._loss)
        self._summed = kind.summed
        expected, source = expected_start(kind, task.classes)
        if expected is not None and kind.summed:
            shown = f"loss {format_loss(value)}, {format_loss(value / max(kind.count, 1))} for each target"
        else:
            shown = f"loss {format_loss(value)}"
        facts = [shown]
        if expected is not None:
            facts = [f"{shown}; a model that has learned nothing has {format_loss(expected)} ({source})"]
        if not math.isfinite(value):
            cause = "a log of 0, a division by 0, or a target that is not a number"
            if self._doubtful:
                cause = "the inputs are wrong, see “One batch”"
            return StepResult(
                facts, [self._bad(f"The loss is {'NaN' if math.isnan(value) else 'infinite'}: {cause}.", "loss")]
            )
        file, line = self._places.of("loss")
        sentences = loss_findings(value, kind, expected, self._doubtful)
        findings += [Finding(sentence, False, file, line) for sentence in sentences]
        return StepResult(facts, findings)

    def _try_labels(self, objective: Supervised) -> None:
        """On an accelerator a label out of range ends the whole process without its line: try it on the CPU first."""
        if self._made.device.type == "cpu" or not label_problem(self._output, self._target):
            return
        try:
            objective.judged(self._output.detach().cpu(), self._target.cpu())
        except IndexError:
            raise
        except Exception:
            return  # what the loss itself is made of is on the device: it was no fair trial

    def _backward(self) -> StepResult:
        assert self._loss is not None
        self._loss.backward()  # type: ignore[no-untyped-call]
        self._settle()
        self._loss = self._output = None
        model, place = self._made.model, self._places.of("forward")
        return gradient_result(model, place, self._doubtful, self._summed, self._places.of("loss"))

    def _step(self) -> StepResult:
        return step_result(self._made, self._places.of("forward"), self._settle)

    def _again(self) -> StepResult:
        """A second step, which finds what only the second one shows, gives an honest time, and the memory."""
        task = self._made
        cuda = task.device.type == "cuda"
        if cuda:
            torch.cuda.reset_peak_memory_stats(task.device)
        begun = perf_counter()
        task.optimizer.zero_grad()
        task.certain_loss(task.model, self._batch).backward()  # type: ignore[no-untyped-call]
        task.optimizer.step()
        self._settle()
        self.step_seconds = perf_counter() - begun
        use = memory_use(task.model, task.optimizer, self._batch, lambda: task.certain_loss(task.model, self._batch))
        fixed, need, double = use.of_batches(0), use.of_batches(1), use.of_batches(2)
        if cuda:
            need = torch.cuda.max_memory_allocated(task.device)
            double = need + max(0, need - fixed)
        size = batch_size(self._batch)  # the loader may have a size of its own
        facts = [
            f"{format_seconds(self.step_seconds)} a step",
            f"{format_bytes(need)}: parameters {format_bytes(use.parameters)}, gradients "
            f"{format_bytes(use.gradients)}, optimizer {format_bytes(use.optimizer)}, "
            f"activations and batch {format_bytes(max(0, need - fixed))}",
        ]
        free = free_memory(task.device)
        there = "" if free is None else f" of {format_bytes(free)} free"
        facts.append(f"batches of {2 * size:,} would need {format_bytes(double)}{there}")
        findings = []
        if free is not None and need > 0.9 * (free + need):
            findings.append(
                Finding(f"Memory is nearly full: use batches of {max(1, size // 2):,}, or close other programs.")
            )
        return StepResult(facts, findings)

    def _validate(self) -> StepResult:
        task = self._made
        if task.validation is None:
            return StepResult(["there is no validation data"], skipped=True)
        found = list(_first(task.validation))
        if not found:
            return StepResult((), [Finding("The validation data yields no batches.")])
        batch = to_device(found[0], task.device)
        to_eval_mode(task.model, task.optimizer)
        with torch.no_grad():
            loss, metric = task.objective.both(task.model, batch)
        self._settle()
        value = float(loss)
        sizes = ", ".join(tensor_words(part.tensor) for part in parts_of(batch)[:1])
        facts = [f"inputs {sizes}"] if sizes else []
        facts.append(f"loss {format_loss(value)}")
        findings = []
        if math.isnan(value):
            findings.append(
                Finding("The validation loss is NaN: check the validation data.", False, *self._places.of("loss"))
            )
        if metric is not None:
            named = metric if isinstance(metric, dict) else {task.metric_name or "metric": metric}
            facts += [f"{name} {format_metric(str(name), float(number))}" for name, number in named.items()]
            for name, number in named.items():
                if name in ACCURACIES and float(number) > 1:
                    shown = format_figure(float(number), 4)
                    told = f"The {name} is {shown}: return a share from 0 to 1; it is shown in percent."
                    findings.append(Finding(told))
        return StepResult(facts, findings)

    def _bad(self, sentence: str, key: str) -> Finding:
        return Finding(sentence, True, *self._places.of(key))

    def _settle(self) -> None:
        """Wait until the device has done what it was told, so that times and errors belong to this step."""
        kind = self._made.device.type
        if kind in ("cuda", "xpu", "mps"):
            getattr(torch, kind).synchronize()


def _first(loader: Any) -> Iterator[Any]:
    """The first batch, where there is one."""
    for batch in loader:
        yield batch
        return


def _device_words(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    if device.type != "cpu":
        return str(device)
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
