"""A correction says one thing at a time, and the same wrong answer twice raises the temperature."""

import pytest
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import Gateway
from ptool.models.gateway.parse import describe_error
from ptool.models.request import Request, hotter
from ptool.records import Category
from pydantic import ValidationError


class Recording(FakeModel):
    """Says one answer after another, and remembers with which temperature it was asked."""

    def __init__(self, *answers):
        super().__init__(lambda *_: answers[len(self.temperatures) - 1])
        self.temperatures = []

    async def create(self, messages, **options):
        self.temperatures.append(options["extra_create_args"].get("temperature"))
        return await super().create(messages, **options)


RIGHT = '{"name": "a", "description": "b", "apis": 1}'
WRONG, OTHER = '{"name": 1}', '{"name": 2}'


@pytest.mark.parametrize(
    ("answers", "temperatures"),
    [
        ((WRONG, OTHER, RIGHT), [0.2, 0.2, 0.2]),
        ((WRONG, WRONG, RIGHT), [0.2, 0.2, 0.5]),
        ((WRONG, WRONG, WRONG, RIGHT), [0.2, 0.2, 0.5, 0.8]),
    ],
)
async def test_the_same_wrong_answer_raises_the_temperature(answers, temperatures):
    model = Recording(*answers)
    gateway = Gateway({"default": Endpoint(model)}, concurrency=1)
    request = Request("designer", "s/i/designer", "Role: x", "u", Category, 1, {"temperature": 0.2})
    assert (await gateway.ask(request)).record.name == "a"
    assert model.temperatures == pytest.approx(temperatures)


def test_no_temperature_grows_without_end_or_sinks():
    assert [hotter(0.2, 1), hotter(0.9, 5), hotter(1.5, 2)] == [0.5, 1.2, 1.5]


def test_of_several_faults_one_is_named():
    with pytest.raises(ValidationError) as error:
        Category.model_validate({"name": 1, "apis": 0, "more": 2})
    assert describe_error(error.value) == "name: Input should be a valid string"
