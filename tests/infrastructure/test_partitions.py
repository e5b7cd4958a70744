"""The templates deploy in every partition: `aws`, `aws-cn` and `aws-us-gov`."""

from tests.infrastructure.conftest import WEB_ACL, Template


def test_no_template_writes_a_partition_out(
    template: Template, all_modes_template: Template, target_template: Template
) -> None:
    for each in (template, all_modes_template, target_template):
        text = each.path.read_text().replace(WEB_ACL, "")
        assert "arn:aws:" not in text
        assert "arn:${Partition}:states:::lambda:invoke" in text or each is target_template
